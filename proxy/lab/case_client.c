// The client of a case, as YAML.
#include "case_parts.h"

#include <string.h>

#include "presets.h"
#include "quote.h"

struct leg_target {
    struct leg_policy *policy;
    enum side side;
    uint32_t *said;
};

static bool set_leg_key(void *user, const char *key, const char *value, struct error *error)
{
    struct leg_target *target = user;
    return leg_policy_set_for(target->policy, target->side, key, value, target->said, error);
}

bool part_read_leg(const struct reading *reading, const struct yaml_item *item, const char *what,
                   struct leg_policy *policy, enum side side, uint32_t *said)
{
    struct leg_target target = {.policy = policy, .side = side, .said = said};
    return reading_set(reading, item, what, set_leg_key, &target);
}

static bool read_client_title(const struct reading *reading, const struct yaml_item *item,
                              const char *what, void *out)
{
    struct lab_client *client = out;
    return reading_speech(reading, item, what, &client->title);
}

static bool read_client_preset(const struct reading *reading, const struct yaml_item *item,
                               const char *what, void *out)
{
    struct lab_client *client = out;
    if (!reading_chars(reading, item, what, client->preset, sizeof(client->preset))) {
        return false;
    }
    if (strcmp(client->preset, "none") == 0) {
        memset(client->preset, 0, sizeof(client->preset));
        return true;
    }
    struct error error;
    struct preset_client *preset = preset_client_find(client->preset, &error);
    preset_client_free(preset);
    return preset != NULL || reading_fail(reading, item, what, "%s", error.text);
}

static bool read_client_policy(const struct reading *reading, const struct yaml_item *item,
                               const char *what, void *out)
{
    struct lab_client *client = out;
    return part_read_leg(reading, item, what, &client->policy, SERVER, &client->said);
}

static bool read_clock(const struct reading *reading, const struct yaml_item *item,
                       const char *what, void *out)
{
    struct lab_client *client = out;
    struct leg_target target = {&client->policy, SERVER, &client->said};
    return reading_set_one(reading, item, what, "clock", set_leg_key, &target);
}

static bool read_target(const struct reading *reading, const struct yaml_item *item,
                        const char *what, void *out)
{
    struct lab_client *client = out;
    struct endpoint endpoint;
    return reading_chars(reading, item, what, client->target, sizeof(client->target)) &&
           (endpoint_set_host(&endpoint, slice_of_text(client->target)) ||
            reading_fail(reading, item, what, "bad value '%s', expected a host name or address",
                         quote_text(item->text).text));
}

static bool read_name(const struct reading *reading, const struct yaml_item *item, const char *what,
                      void *out)
{
    struct lab_client *client = out;
    return reading_chars(reading, item, what, client->name, sizeof(client->name));
}

static bool read_host(const struct reading *reading, const struct yaml_item *item, const char *what,
                      void *out)
{
    struct lab_client *client = out;
    return reading_chars(reading, item, what, client->host, sizeof(client->host)) &&
           (strpbrk(client->host, "\r\n") == NULL ||
            reading_fail(reading, item, what, "a line break, expected none"));
}

static bool read_verify_name(const struct reading *reading, const struct yaml_item *item,
                             const char *what, void *out)
{
    struct lab_client *client = out;
    return reading_chars(reading, item, what, client->verify_name, sizeof(client->verify_name));
}

static bool read_trusts(const struct reading *reading, const struct yaml_item *item,
                        const char *what, void *out)
{
    static const char *const words[] = {"bridge", "nobody", "origin"};
    struct lab_client *client = out;
    size_t i;
    if (!reading_word(reading, item, what, words, COUNT_OF(words), &i)) {
        return false;
    }
    client->trust = (enum lab_client_trust)i;
    return true;
}

static bool read_pins(const struct reading *reading, const struct yaml_item *item, const char *what,
                      void *out)
{
    struct lab_client *client = out;
    return reading_switch(reading, item, what, &client->pins);
}

static bool read_refuses(const struct reading *reading, const struct yaml_item *item,
                         const char *what, void *out)
{
    static const char *const words[] = {"alert", "silent"};
    struct lab_client *client = out;
    size_t i;
    bool is_ok = reading_word(reading, item, what, words, COUNT_OF(words), &i);
    client->refuses_silently = is_ok && i == 1;
    return is_ok;
}

static bool read_certificate(const struct reading *reading, const struct yaml_item *item,
                             const char *what, void *out)
{
    struct lab_client *client = out;
    return reading_switch(reading, item, what, &client->has_certificate);
}

static bool read_close_notify(const struct reading *reading, const struct yaml_item *item,
                              const char *what, void *out)
{
    struct lab_client *client = out;
    return reading_switch(reading, item, what, &client->wants_close_notify);
}

static bool read_resumes(const struct reading *reading, const struct yaml_item *item,
                         const char *what, void *out)
{
    struct lab_client *client = out;
    return reading_switch(reading, item, what, &client->resumes);
}

static bool read_grease(const struct reading *reading, const struct yaml_item *item,
                        const char *what, void *out)
{
    struct lab_client *client = out;
    return reading_switch(reading, item, what, &client->greases);
}

static bool read_ems(const struct reading *reading, const struct yaml_item *item, const char *what,
                     void *out)
{
    struct lab_client *client = out;
    bool has_ems = false;
    bool is_ok = reading_switch(reading, item, what, &has_ems);
    client->lacks_ems = !has_ems;
    return is_ok;
}

static bool read_must_staple(const struct reading *reading, const struct yaml_item *item,
                             const char *what, void *out)
{
    struct lab_client *client = out;
    return reading_switch(reading, item, what, &client->wants_must_staple);
}

static bool read_raw(const struct reading *reading, const struct yaml_item *item, const char *what,
                     void *out)
{
    struct lab_client *client = out;
    return reading_switch(reading, item, what, &client->is_raw);
}

static bool read_visits(const struct reading *reading, const struct yaml_item *item,
                        const char *what, void *out)
{
    struct lab_client *client = out;
    uint64_t number;
    if (!reading_number(reading, item, what, 8, &number)) {
        return false;
    }
    client->visits = (unsigned)number;
    return number > 0 || reading_fail(reading, item, what, "0, expected 1 to 8");
}

const struct reading_key part_client_keys[] = {
    {"title", read_client_title},
    {"preset", read_client_preset},
    {"policy", read_client_policy},
    {"clock", read_clock},
    {"target", read_target},
    {"name", read_name},
    {"host", read_host},
    {"verify-name", read_verify_name},
    {"trusts", read_trusts},
    {"pins", read_pins},
    {"refuses", read_refuses},
    {"certificate", read_certificate},
    {"wants-close-notify", read_close_notify},
    {"wants-must-staple", read_must_staple},
    {"grease", read_grease},
    {"ems", read_ems},
    {"raw", read_raw},
    {"visits", read_visits},
    {"resumes", read_resumes},
    {NULL, NULL},
};

void part_client_init(struct lab_client *client)
{
    *client = (struct lab_client){.visits = 1, .preset = LAB_CLIENT_PRESET};
    leg_policy_default(&client->policy, SERVER);
    client->policy.mirror = false;
}
