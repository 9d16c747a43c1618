#include "case_read.h"

#include <stdio.h>
#include <string.h>

#include "case_parts.h"
#include "presets.h"
#include "quote.h"
#include "text.h"

// ---- origin

static bool set_origin_key(void *user, const char *key, const char *value, struct error *error)
{
    return origin_set(user, key, value, error);
}

static bool read_origin_keys(const struct reading *reading, const struct yaml_item *item,
                             const char *what, void *out)
{
    return reading_set(reading, item, what, set_origin_key, out);
}

static bool read_kind(const struct reading *reading, const struct yaml_item *item, const char *what,
                      void *out)
{
    static const char *const kinds[] = {"tls", "plain-http", "refused", "silent", "closes"};
    size_t i;
    if (!reading_word(reading, item, what, kinds, COUNT_OF(kinds), &i)) {
        return false;
    }
    struct error error;
    return origin_set(out, "quirk", i == 0 ? "none" : kinds[i], &error) ||
           reading_fail(reading, item, what, "%s", error.text);
}

// One more name, with a chain of its own: {NAME: {recipe: …}}.
static bool set_site_key(void *user, const char *key, const char *value, struct error *error)
{
    return lab_recipe_set(user, key, value, error);
}

static bool read_sites(const struct reading *reading, const struct yaml_item *item,
                       const char *what, void *out)
{
    struct origin *origin = out;
    if (!reading_is(reading, item, YAML_MAP, what)) {
        return false;
    }
    origin->site_count = 0; // in place of the one name, or of an earlier list
    for (const struct yaml_item *one = item->first; one != NULL; one = one->next) {
        struct error error;
        struct origin_site *site = origin_site_add(origin, one->key, &error);
        if (site == NULL) {
            return reading_fail(reading, one, what, "%s", error.text);
        }
        if (!reading_set(reading, one, what, set_site_key, &site->recipe)) {
            return false;
        }
    }
    return true;
}

static bool read_unknown(const struct reading *reading, const struct yaml_item *item,
                         const char *what, void *out)
{
    return reading_set_one(reading, item, what, "unknown", set_origin_key, out);
}

static bool read_names(const struct reading *reading, const struct yaml_item *item,
                       const char *what, void *out)
{
    static const struct reading_key keys[] = {
        {"unknown", read_unknown}, {"sites", read_sites}, {NULL, NULL}};
    return reading_map(reading, item, what, keys, out);
}

static bool read_quirk(const struct reading *reading, const struct yaml_item *item,
                       const char *what, void *out)
{
    return reading_set_one(reading, item, what, item->key, set_origin_key, out);
}

static const struct reading_key origin_keys[] = {
    {"kind", read_kind},    {"policy", read_origin_keys}, {"chain", read_origin_keys},
    {"names", read_names},  {"http", read_origin_keys},   {"quirk", read_quirk},
    {"manner", read_quirk}, {"alert", read_quirk},        {"limit", read_quirk},
    {NULL, NULL},
};

// ---- box

static bool set_box_key(void *user, const char *key, const char *value, struct error *error)
{
    return box_set(user, key, value, error);
}

static bool read_on(const struct reading *reading, const struct yaml_item *item, const char *what,
                    void *out)
{
    static const char *const words[] = {"client-leg", "server-leg"};
    struct lab_box *box = out;
    size_t i;
    bool is_ok = reading_word(reading, item, what, words, COUNT_OF(words), &i);
    box->on = is_ok && i == 0 ? CLIENT : SERVER;
    return is_ok;
}

// does: a quirk's word, or one of three words for what middleboxes are known for.
static bool read_does(const struct reading *reading, const struct yaml_item *item, const char *what,
                      void *out)
{
    static const struct {
        const char *word, *quirk, *manner;
    } rows[] = {{"reset", "closes", "reset"}, {"swallow", "silent", "none"}};
    struct lab_box *box = out;
    if (!reading_is(reading, item, YAML_TEXT, what)) {
        return false;
    }
    box->is_interceptor = strcmp(item->text, "intercept") == 0;
    const char *quirk = box->is_interceptor ? "none" : item->text, *manner = NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (strcmp(item->text, rows[i].word) == 0) {
            quirk = rows[i].quirk;
            manner = rows[i].manner;
        }
    }
    struct error error;
    return (box_set(&box->box, "quirk", quirk, &error) &&
            (manner == NULL || box_set(&box->box, "manner", manner, &error))) ||
           reading_fail(reading, item, what, "%s; or intercept, reset, swallow", error.text);
}

static bool read_box_key(const struct reading *reading, const struct yaml_item *item,
                         const char *what, void *out)
{
    struct lab_box *box = out;
    return reading_set_one(reading, item, what, item->key, set_box_key, &box->box);
}

static bool read_subject(const struct reading *reading, const struct yaml_item *item,
                         const char *what, void *out)
{
    struct lab_box *box = out;
    return reading_chars(reading, item, what, box->subject, sizeof(box->subject));
}

static bool read_preset_edge(const struct reading *reading, const struct yaml_item *item,
                             const char *what, char *out_name, size_t size)
{
    if (!reading_chars(reading, item, what, out_name, size)) {
        return false;
    }
    if (strcmp(out_name, "none") == 0) {
        memset(out_name, 0, size);
        return true;
    }
    struct error error;
    struct preset_edge *preset = preset_edge_find(out_name, &error);
    preset_edge_free(preset);
    return preset != NULL || reading_fail(reading, item, what, "%s", error.text);
}

static bool read_box_edge(const struct reading *reading, const struct yaml_item *item,
                          const char *what, void *out)
{
    struct lab_box *box = out;
    return read_preset_edge(reading, item, what, box->edge, sizeof(box->edge));
}

static bool read_trusted(const struct reading *reading, const struct yaml_item *item,
                         const char *what, void *out)
{
    struct lab_box *box = out;
    return reading_switch(reading, item, what, &box->is_trusted);
}

static const struct reading_key box_keys[] = {
    {"on", read_on},
    {"does", read_does},
    {"manner", read_box_key},
    {"alert", read_box_key},
    {"limit", read_box_key},
    {"delay", read_box_key},
    {"cut-after", read_box_key},
    {"subject", read_subject},
    {"edge", read_box_edge},
    {"trusted", read_trusted},
    {NULL, NULL},
};

static bool read_box(const struct reading *reading, const struct yaml_item *item,
                     struct lab_box *box)
{
    if (item->kind == YAML_TEXT && strcmp(item->text, "none") == 0) {
        memset(box, 0, sizeof(*box));
        return true;
    }
    if (!box->is_there) {
        box->is_there = true;
        box->on = SERVER;
        (void)snprintf(box->subject, sizeof(box->subject), "O=Fortinet/CN=FortiGate CA");
    }
    return reading_map(reading, item, "box", box_keys, box);
}

// ---- bridge

static bool read_edge(const struct reading *reading, const struct yaml_item *item, const char *what,
                      void *out)
{
    struct lab_bridge *bridge = out;
    return read_preset_edge(reading, item, what, bridge->edge, sizeof(bridge->edge));
}

static bool read_order(const struct reading *reading, const struct yaml_item *item,
                       const char *what, void *out)
{
    static const char *const words[] = {"server-first", "client-first"};
    struct lab_bridge *bridge = out;
    size_t i;
    if (!reading_word(reading, item, what, words, COUNT_OF(words), &i)) {
        return false;
    }
    bridge->order = (enum order)i;
    bridge->has_order = true;
    return true;
}

static bool read_on_failure(const struct reading *reading, const struct yaml_item *item,
                            const char *what, void *out)
{
    static const char *const words[] = {"page", "alert", "reset"};
    struct lab_bridge *bridge = out;
    size_t i;
    if (!reading_word(reading, item, what, words, COUNT_OF(words), &i)) {
        return false;
    }
    bridge->on_failure = (enum on_failure)i;
    bridge->has_on_failure = true;
    return true;
}

static bool read_client_leg(const struct reading *reading, const struct yaml_item *item,
                            const char *what, void *out)
{
    struct lab_bridge *bridge = out;
    return part_read_leg(reading, item, what, &bridge->legs[CLIENT], CLIENT, &bridge->said[CLIENT]);
}

static bool read_server_leg(const struct reading *reading, const struct yaml_item *item,
                            const char *what, void *out)
{
    struct lab_bridge *bridge = out;
    return part_read_leg(reading, item, what, &bridge->legs[SERVER], SERVER, &bridge->said[SERVER]);
}

static bool read_authority(const struct reading *reading, const struct yaml_item *item,
                           const char *what, void *out)
{
    static const char *const words[] = {"good", "expired"};
    struct lab_bridge *bridge = out;
    size_t i;
    bool is_ok = reading_word(reading, item, what, words, COUNT_OF(words), &i);
    bridge->has_expired_authority = is_ok && i == 1;
    return is_ok;
}

static bool read_ingress(const struct reading *reading, const struct yaml_item *item,
                         const char *what, void *out)
{
    static const char *const words[] = {"connect", "fixed"};
    struct lab_bridge *bridge = out;
    size_t i;
    bool is_ok = reading_word(reading, item, what, words, COUNT_OF(words), &i);
    bridge->is_fixed = is_ok && i == 1;
    return is_ok;
}

static bool read_bridge_certificate(const struct reading *reading, const struct yaml_item *item,
                                    const char *what, void *out)
{
    struct lab_bridge *bridge = out;
    return reading_switch(reading, item, what, &bridge->has_certificate);
}

static bool read_pass(const struct reading *reading, const struct yaml_item *item, const char *what,
                      void *out)
{
    struct lab_bridge *bridge = out;
    return reading_switch(reading, item, what, &bridge->passes);
}

static const struct reading_key bridge_keys[] = {
    {"edge", read_edge},
    {"order", read_order},
    {"on-failure", read_on_failure},
    {"client-leg", read_client_leg},
    {"server-leg", read_server_leg},
    {"authority", read_authority},
    {"ingress", read_ingress},
    {"certificate", read_bridge_certificate},
    {"pass", read_pass},
    {NULL, NULL},
};

// ---- the case

bool case_init(struct lab_case *out, const char *host, struct error *error)
{
    memset(out, 0, sizeof(*out));
    origin_init(&out->origin);
    leg_policy_default(&out->bridge.legs[CLIENT], CLIENT);
    leg_policy_default(&out->bridge.legs[SERVER], SERVER);
    part_client_init(&out->clients[0]);
    part_client_init(&out->clients[1]);
    out->client_count = 1;
    return origin_site_add(&out->origin, host, error) != NULL;
}

bool case_is_part(const char *key)
{
    static const char *const parts[] = {"origin", "box", "bridge", "client", "second-client"};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (strcmp(parts[i], key) == 0) {
            return true;
        }
    }
    return false;
}

bool case_read_part(const struct reading *reading, const struct yaml_item *item,
                    struct lab_case *lab_case)
{
    if (strcmp(item->key, "origin") == 0) {
        return reading_map(reading, item, "origin", origin_keys, &lab_case->origin);
    }
    if (strcmp(item->key, "box") == 0) {
        return read_box(reading, item, &lab_case->box);
    }
    if (strcmp(item->key, "bridge") == 0) {
        return reading_map(reading, item, "bridge", bridge_keys, &lab_case->bridge);
    }
    if (strcmp(item->key, "client") == 0) {
        return reading_map(reading, item, "client", part_client_keys, &lab_case->clients[0]);
    }
    lab_case->client_count = 2;
    return reading_map(reading, item, "second-client", part_client_keys, &lab_case->clients[1]);
}
