// The order of things is the bridge's own (bridge/legs.c): which leg is first decides what ALPN the
// other is told. Who must act is found by a counterfactual: what would a server as they are today,
// or the origin without a bridge, say to the same offer?
#include "bridge_predict.h"

#include <string.h>

#include "sets.h"
#include "shape_hello.h"

#define BOTH_KEYS       (KEY_RSA | KEY_ECDSA)
#define VALUE_ITEMS_MAX 4
#define VALUE_BYTES_MAX 512

struct run {
    const struct client_hello *hello; // the client's
    const struct bridge_terms *terms;
    struct arena *arena;
    struct bridge_prediction *out;
    bool works_direct;
};

// One leg that breaks: who asks whom.
struct quarrel {
    enum side side;
    const struct client_hello *hello;
    const struct server_terms *terms;
    const struct prediction *agreed;
    const struct leg_shape *asked; // what the hello was made of; NULL: the client's own
};

static const char *const asker_names[SIDES] = {"the client", "the bridge"};
static const char *const answerer_names[SIDES] = {"the bridge", "the origin"};

// ---- who must act

// A server as they are today: TLS 1.2 and 1.3, all that the library has, both kinds of certificate.
static bool is_served_today(const struct run *run, const struct client_hello *hello)
{
    struct leg_policy policy;
    struct server_terms today;
    struct prediction prediction;
    leg_policy_default(&policy, CLIENT);
    origin_terms_make(&policy, BOTH_KEYS, run->terms->library, &today);
    predict(hello, &today, &prediction);
    return prediction.mismatch == MISMATCH_NONE;
}

static enum party party_of(const struct run *run, const struct quarrel *quarrel)
{
    bool mirrors = run->terms->legs[SERVER].mirror;
    bool is_edge_asking = quarrel->side == SERVER && !mirrors;
    enum party asker = is_edge_asking ? PARTY_BRIDGE : PARTY_CLIENT;
    enum party answerer = quarrel->side == CLIENT ? PARTY_BRIDGE : PARTY_SERVER;
    if (quarrel->side == SERVER && run->works_direct) {
        return PARTY_BRIDGE;
    }
    switch (quarrel->agreed->mismatch) {
    case MISMATCH_NONE:
    case MISMATCH_ALPN:
        return answerer;
    case MISMATCH_VERSION:
        // Whoever ends lower is behind.
        return client_hello_version_max(quarrel->hello) <= quarrel->terms->shape.version_max
                   ? asker
                   : answerer;
    case MISMATCH_SUITE:
    case MISMATCH_CERTIFICATE_TYPE:
    case MISMATCH_GROUP:
    case MISMATCH_SCHEME:
        return is_served_today(run, quarrel->hello) ? answerer : asker;
    }
    return answerer;
}

// ---- what did not meet

// RFC 7507: the only version mismatch in which a version was found all the same.
static bool is_needless_fallback(const struct quarrel *quarrel)
{
    return quarrel->agreed->mismatch == MISMATCH_VERSION && quarrel->agreed->version != 0 &&
           quarrel->side == CLIENT;
}

static const char *cause_code(const struct quarrel *quarrel)
{
    switch (quarrel->agreed->mismatch) {
    case MISMATCH_NONE:
        return NULL;
    case MISMATCH_VERSION:
        return is_needless_fallback(quarrel) ? "client.misconfigured"
                                             : "protocol.no-common-version";
    case MISMATCH_SUITE:
        return "cipher.no-common-suite";
    case MISMATCH_CERTIFICATE_TYPE:
        return "cipher.certificate-type-mismatch";
    case MISMATCH_GROUP:
        return "group.no-common";
    case MISMATCH_SCHEME:
        return "sigalg.no-common";
    case MISMATCH_ALPN:
        return "alpn.no-overlap";
    }
    return NULL;
}

static const char *keys_text(uint32_t keys)
{
    if (keys == BOTH_KEYS) {
        return "RSA and ECDSA certificates";
    }
    return keys == KEY_RSA ? "an RSA certificate" : "an ECDSA certificate";
}

// What a server was seen to take with the version agreed is more exact than its lists of all.
static struct number_list accepted_list(const struct quarrel *quarrel, enum list_kind kind,
                                        const struct sets *accepts)
{
    const struct version_terms *seen = server_terms_seen(quarrel->terms, quarrel->agreed->version);
    const struct number_list *list = seen == NULL           ? NULL
                                     : kind == LIST_SUITES  ? &seen->suites
                                     : kind == LIST_GROUPS  ? &seen->groups
                                     : kind == LIST_SCHEMES ? &seen->schemes
                                                            : NULL;
    return list != NULL && list->count > 0 ? *list : *sets_list(accepts, kind);
}

// Both lists of a kind, of suites only those that the agreed version can use.
static void name_lists(const struct run *run, const struct quarrel *quarrel, enum list_kind kind,
                       struct leg_prediction *out)
{
    struct sets offer, accepts;
    struct number_list offered, accepted;
    sets_of_hello(quarrel->hello, &offer);
    sets_of_shape(&quarrel->terms->shape, &accepts);
    offered = *sets_list(&offer, kind);
    accepted = accepted_list(quarrel, kind, &accepts);
    if (kind == LIST_VERSIONS) {
        if (quarrel->asked != NULL) {
            sets_of_shape(quarrel->asked, &offer); // knows its lowest version, as no hello does
        }
        out->offered = versions_text(run->arena, &offer);
        out->accepted = versions_text(run->arena, &accepts);
        return;
    }
    if (kind == LIST_SUITES) {
        suites_for(&offered, quarrel->agreed->version, &offered);
        suites_for(&accepted, quarrel->agreed->version, &accepted);
    }
    out->offered = list_text(run->arena, kind, &offered);
    out->accepted = list_text(run->arena, kind, &accepted);
}

static const char *say_lists(const struct run *run, const struct quarrel *quarrel,
                             const struct leg_prediction *leg, const char *what)
{
    return arena_printf(run->arena, "%s offers %s and %s takes %s: no %s in common",
                        asker_names[quarrel->side], leg->offered, answerer_names[quarrel->side],
                        leg->accepted, what);
}

static const char *say_fallback(const struct run *run, const struct quarrel *quarrel)
{
    return arena_printf(run->arena,
                        "the client lowered its version on purpose (TLS_FALLBACK_SCSV) although "
                        "%s takes %s",
                        answerer_names[quarrel->side],
                        version_name(quarrel->terms->shape.version_max));
}

static const char *say_keys(const struct run *run, const struct quarrel *quarrel,
                            struct leg_prediction *leg)
{
    leg->accepted = keys_text(quarrel->terms->keys);
    return arena_printf(run->arena, "%s has %s and nothing that %s offers goes with it: %s",
                        answerer_names[quarrel->side], leg->accepted, asker_names[quarrel->side],
                        leg->offered);
}

static const char *say_mismatch(const struct run *run, const struct quarrel *quarrel,
                                struct leg_prediction *leg)
{
    bool is_new = quarrel->agreed->version >= VERSION_TLS13;
    switch (quarrel->agreed->mismatch) {
    case MISMATCH_NONE:
        return NULL;
    case MISMATCH_VERSION:
        name_lists(run, quarrel, LIST_VERSIONS, leg);
        return is_needless_fallback(quarrel) ? say_fallback(run, quarrel)
                                             : say_lists(run, quarrel, leg, "version");
    case MISMATCH_SUITE:
        name_lists(run, quarrel, LIST_SUITES, leg);
        return say_lists(run, quarrel, leg, "cipher suite");
    case MISMATCH_CERTIFICATE_TYPE:
        name_lists(run, quarrel, is_new ? LIST_SCHEMES : LIST_SUITES, leg);
        return say_keys(run, quarrel, leg);
    case MISMATCH_GROUP:
        name_lists(run, quarrel, LIST_GROUPS, leg);
        return say_lists(run, quarrel, leg, "key exchange group");
    case MISMATCH_SCHEME:
        name_lists(run, quarrel, LIST_SCHEMES, leg);
        return say_lists(run, quarrel, leg, "signature scheme");
    case MISMATCH_ALPN:
        leg->offered = alpn_text(run->arena, quarrel->hello->alpn);
        leg->accepted = alpn_text(
            run->arena, (struct slice){quarrel->terms->shape.alpn, quarrel->terms->shape.alpn_len});
        return say_lists(run, quarrel, leg, "application protocol");
    }
    return NULL;
}

// ---- what the bridge would have to set

// Forward only: nothing broken or weak is ever advised.
static const char *advised_name(enum list_kind kind, uint16_t id)
{
    const struct suite *suite = kind == LIST_SUITES ? suite_find(id) : NULL;
    const struct group *group = kind == LIST_GROUPS ? group_find(id) : NULL;
    const struct scheme *scheme = kind == LIST_SCHEMES ? scheme_find(id) : NULL;
    bool is_fit = (suite != NULL && suite->openssl != NULL && suite->class == SUITE_MODERN) ||
                  (group != NULL && group->openssl != NULL) ||
                  (scheme != NULL && scheme->openssl != NULL && !scheme->is_weak);
    return is_fit ? list_item_name(kind, id) : NULL;
}

static const char *join_advised(const struct run *run, const struct quarrel *quarrel,
                                enum list_kind kind)
{
    struct sets sets;
    if (quarrel->side == CLIENT) {
        sets_of_hello(quarrel->hello, &sets);
    } else {
        sets_of_shape(&quarrel->terms->shape, &sets);
    }
    struct number_list list =
        quarrel->side == CLIENT ? *sets_list(&sets, kind) : accepted_list(quarrel, kind, &sets);
    if (kind == LIST_SUITES) {
        suites_for(&list, quarrel->agreed->version, &list);
    }
    struct buffer text = {.limit = VALUE_BYTES_MAX};
    size_t count = 0;
    for (size_t i = 0; i < list.count && count < VALUE_ITEMS_MAX; i++) {
        const char *name = advised_name(kind, list.items[i]);
        if (name != NULL && buffer_printf(&text, "%s%s", count > 0 ? ":" : "", name)) {
            count++;
        }
    }
    const char *value = count > 0 ? arena_text(run->arena, buffer_slice(&text)) : NULL;
    buffer_clear(&text);
    return value;
}

// The highest version of the other side, as a leg key takes it, where going there is going forward.
static const char *advised_max(const struct quarrel *quarrel)
{
    uint16_t own = quarrel->side == CLIENT ? quarrel->terms->shape.version_max
                                           : client_hello_version_max(quarrel->hello);
    uint16_t other = quarrel->side == CLIENT ? client_hello_version_max(quarrel->hello)
                                             : quarrel->terms->shape.version_max;
    if (other <= own) {
        return NULL;
    }
    return other == VERSION_TLS13 ? "TLS1.3" : other == VERSION_TLS12 ? "TLS1.2" : NULL;
}

static void advise(const struct run *run, const struct quarrel *quarrel, struct leg_prediction *leg)
{
    switch (quarrel->agreed->mismatch) {
    case MISMATCH_VERSION:
        leg->key = "max";
        leg->value = advised_max(quarrel);
        break;
    case MISMATCH_SUITE:
    case MISMATCH_CERTIFICATE_TYPE:
        leg->key = "ciphers";
        leg->value = join_advised(run, quarrel, LIST_SUITES);
        break;
    case MISMATCH_GROUP:
        leg->key = "groups";
        leg->value = join_advised(run, quarrel, LIST_GROUPS);
        break;
    case MISMATCH_SCHEME:
        leg->key = "sigalgs";
        leg->value = join_advised(run, quarrel, LIST_SCHEMES);
        break;
    case MISMATCH_NONE:
    case MISMATCH_ALPN: // which name to add is the application's to know
        break;
    }
    leg->key = leg->value != NULL ? leg->key : NULL;
}

// ---- the legs

static bool judge_leg(const struct run *run, enum side side, const struct client_hello *hello,
                      const struct leg_shape *asked, const struct server_terms *terms)
{
    struct leg_prediction *leg = &run->out->legs[side];
    leg->is_reached = true;
    if (leg->agreed.mismatch == MISMATCH_NONE) {
        return true;
    }
    struct quarrel quarrel = {side, hello, terms, &leg->agreed, asked};
    leg->cause = cause_find(cause_code(&quarrel));
    leg->party = is_needless_fallback(&quarrel) ? PARTY_CLIENT : party_of(run, &quarrel);
    leg->summary = say_mismatch(run, &quarrel, leg);
    leg->fix = leg->cause != NULL ? leg->cause->text[LANGUAGE_EN].fix : NULL;
    if (leg->party == PARTY_BRIDGE) {
        advise(run, &quarrel, leg);
    }
    run->out->broken = side;
    return false;
}

// As the bridge does: the cheaper ECDSA leaf where the client takes it, else RSA.
static void predict_client(const struct client_hello *hello, struct server_terms *terms,
                           struct prediction *out)
{
    terms->keys = KEY_ECDSA;
    predict(hello, terms, out);
    if (out->mismatch != MISMATCH_NONE) {
        terms->keys = KEY_RSA;
        predict(hello, terms, out);
        terms->keys = BOTH_KEYS; // either could have been made
    }
}

static bool do_client_leg(const struct run *run, const struct slice *chosen)
{
    const struct leg_policy *policy = &run->terms->legs[CLIENT];
    struct server_terms terms = {.needs_alpn_overlap = policy->has_alpn && policy->alpn_len > 0};
    shape_client(policy, run->terms->library, chosen, &terms.shape);
    predict_client(run->hello, &terms, &run->out->legs[CLIENT].agreed);
    return judge_leg(run, CLIENT, run->hello, NULL, &terms);
}

static bool do_server_leg(const struct run *run, const struct slice *chosen,
                          struct shape_hello *spoken)
{
    struct leg_shape shape;
    const struct client_hello *hello = run->hello->is_sslv2 ? NULL : run->hello;
    shape_server(&run->terms->legs[SERVER], hello, run->terms->library, chosen, &shape,
                 &run->out->lost);
    shape_hello_make(&shape, spoken);
    predict_with_min(&spoken->hello, shape.version_min, run->terms->origin,
                     &run->out->legs[SERVER].agreed);
    return judge_leg(run, SERVER, &spoken->hello, &shape, run->terms->origin);
}

bool bridge_predict(const struct client_hello *hello, const struct bridge_terms *terms,
                    struct arena *arena, struct bridge_prediction *out_prediction)
{
    struct bridge_prediction *out = out_prediction;
    struct prediction direct;
    struct shape_hello *spoken = arena_alloc(arena, sizeof(*spoken));
    if (spoken == NULL) {
        return false;
    }
    *out = (struct bridge_prediction){0};
    predict(hello, terms->origin, &direct);
    struct run run = {hello, terms, arena, out, direct.mismatch == MISMATCH_NONE};
    out->direct = run.works_direct ? DIRECT_WOULD_SUCCEED : DIRECT_WOULD_FAIL;
    if (terms->order == ORDER_CLIENT_FIRST) {
        out->is_secured = do_client_leg(&run, NULL) &&
                          do_server_leg(&run, &out->legs[CLIENT].agreed.alpn, spoken);
    } else {
        out->is_secured = do_server_leg(&run, NULL, spoken) &&
                          do_client_leg(&run, &out->legs[SERVER].agreed.alpn);
    }
    return true;
}
