#include "predict_view.h"

#include "sets.h"

const char *predict_view_leg(const struct leg_prediction *leg, bool is_wide, struct arena *arena)
{
    const struct prediction *agreed = &leg->agreed;
    const char *text = NULL;
    if (!leg->is_reached) {
        return "-";
    }
    if (leg->cause != NULL) {
        text = arena_printf(arena, "%s (%s)", leg->cause->code, party_name(leg->party));
    } else {
        const char *alpn = agreed->alpn.len > 0 ? peer_bytes(arena, agreed->alpn) : "";
        text = arena_printf(arena, "%s%s%s%s%s", version_name(agreed->version), is_wide ? " " : "",
                            is_wide ? suite_name(agreed->suite) : "", alpn[0] != '\0' ? " " : "",
                            alpn);
    }
    return text != NULL ? text : "";
}

static const char *const leg_heads[SIDES] = {"client leg", "server leg"};

static void write_agreed(struct sheet *sheet, const struct prediction *agreed, struct arena *arena)
{
    sheet_label(sheet, "version", version_name(agreed->version));
    sheet_label(sheet, "cipher", suite_name(agreed->suite));
    if (agreed->group != 0) {
        const char *retry = agreed->is_retry ? " (after a HelloRetryRequest)" : "";
        sheet_label(sheet, "group", arena_printf(arena, "%s%s", group_name(agreed->group), retry));
    }
    if (agreed->scheme != 0) {
        sheet_label(sheet, "signature", scheme_name(agreed->scheme));
    }
    if (agreed->key != 0) {
        sheet_label(sheet, "certificate", agreed->key == KEY_RSA ? "RSA" : "ECDSA");
    }
    sheet_label(sheet, "alpn", agreed->alpn.len > 0 ? peer_bytes(arena, agreed->alpn) : "none");
}

static void write_broken(struct sheet *sheet, const struct bridge_case *bridge, enum side side,
                         const struct leg_prediction *leg, struct arena *arena)
{
    sheet_label(sheet, "cause", leg->cause->code);
    sheet_label(sheet, "because", leg->summary);
    sheet_label(sheet, "who", party_name(leg->party));
    sheet_label(sheet, "fix",
                leg->key != NULL ? bridge_case_say(bridge, side, leg->key, leg->value, arena)
                                 : leg->fix);
}

static void write_leg(struct sheet *sheet, const struct bridge_case *bridge, enum side side,
                      const struct leg_prediction *leg, struct arena *arena)
{
    sheet_head(sheet, leg_heads[side]);
    if (!leg->is_reached) {
        sheet_line(sheet, "not reached: the other leg breaks first");
    } else if (leg->cause != NULL) {
        write_broken(sheet, bridge, side, leg, arena);
    } else {
        write_agreed(sheet, &leg->agreed, arena);
    }
}

static const char *sni_text(const struct leg_policy *policy)
{
    switch (policy->sni) {
    case SNI_FORWARD:
        return "the client's";
    case SNI_NAME:
        return policy->sni_name;
    case SNI_NONE:
        break;
    }
    return "none";
}

void predict_view_whole(struct sheet *sheet, const struct bridge_case *bridge, const char *client,
                        const struct bridge_prediction *prediction)
{
    struct arena arena = {0};
    const struct bridge_terms *terms = &bridge->terms;
    const char *edge = bridge->edge != NULL ? bridge->edge->name : "midspan, mirroring";
    bool works = prediction->direct == DIRECT_WOULD_SUCCEED;
    sheet_label(sheet, "client", client);
    sheet_label(sheet, "edge", edge);
    sheet_label(sheet, "order", order_name(terms->order));
    sheet_label(sheet, "result",
                prediction->is_secured         ? "secured"
                : prediction->broken == CLIENT ? "the client leg breaks"
                                               : "the server leg breaks");
    sheet_label(sheet, "direct", works ? "would work without a bridge" : "would fail as well");
    write_leg(sheet, bridge, CLIENT, &prediction->legs[CLIENT], &arena);
    write_leg(sheet, bridge, SERVER, &prediction->legs[SERVER], &arena);
    if (prediction->legs[SERVER].is_reached) {
        sheet_label(sheet, "SNI sent", sni_text(&terms->legs[SERVER]));
    }
    arena_clear(&arena);
}

// ---- JSON

static void write_agreed_json(struct json *json, const struct prediction *agreed)
{
    json_text_field(json, "version", version_name(agreed->version));
    json_text_field(json, "suite", suite_name(agreed->suite));
    json_text_field(json, "group", agreed->group != 0 ? group_name(agreed->group) : NULL);
    json_text_field(json, "scheme", agreed->scheme != 0 ? scheme_name(agreed->scheme) : NULL);
    if (agreed->alpn.len > 0) {
        json_key(json, "alpn");
        json_bytes(json, agreed->alpn);
    }
    json_bool_field(json, "retry", agreed->is_retry);
}

static void write_leg_json(struct json *json, const struct bridge_case *bridge, enum side side,
                           const struct leg_prediction *leg)
{
    struct arena arena = {0};
    json_key(json, side_name(side));
    json_open_object(json);
    json_text_field(json, "outcome",
                    !leg->is_reached     ? "not-reached"
                    : leg->cause != NULL ? "broken"
                                         : "secured");
    if (leg->cause != NULL) {
        json_text_field(json, "cause", leg->cause->code);
        json_text_field(json, "party", party_name(leg->party));
        json_text_field(json, "summary", leg->summary);
        json_text_field(json, "offered", leg->offered);
        json_text_field(json, "accepted", leg->accepted);
        json_text_field(json, "fix",
                        leg->key != NULL
                            ? bridge_case_say(bridge, side, leg->key, leg->value, &arena)
                            : leg->fix);
    } else if (leg->is_reached) {
        write_agreed_json(json, &leg->agreed);
    }
    json_close_object(json);
    arena_clear(&arena);
}

void predict_view_json(struct json *json, const struct bridge_case *bridge, const char *client,
                       const struct bridge_prediction *prediction)
{
    json_open_object(json);
    json_text_field(json, "client", client);
    json_text_field(json, "edge", bridge->edge != NULL ? bridge->edge->name : NULL);
    json_text_field(json, "order", order_name(bridge->terms.order));
    json_bool_field(json, "secured", prediction->is_secured);
    if (!prediction->is_secured) {
        json_text_field(json, "broken", side_name(prediction->broken));
    }
    json_text_field(json, "direct", direct_name(prediction->direct));
    json_key(json, "legs");
    json_open_object(json);
    write_leg_json(json, bridge, CLIENT, &prediction->legs[CLIENT]);
    write_leg_json(json, bridge, SERVER, &prediction->legs[SERVER]);
    json_close_object(json);
    json_close_object(json);
}
