#include "expectation.h"

#include <string.h>

#include "preset_hello.h"
#include "quote.h"

// The causes that a prediction can come to.
static const char *const causes[] = {
    "protocol.no-common-version",
    "cipher.no-common-suite",
    "group.no-common",
    "cipher.certificate-type-mismatch",
    "sigalg.no-common",
    "alpn.no-overlap",
    "client.misconfigured",
};

static const char *const keys[] = {"client", "edge", "server", "server-key", "expect", "leg"};

static bool fail_at(struct error *error, const char *name, size_t line)
{
    char text[ERROR_TEXT_MAX];
    memcpy(text, error->text, sizeof(text));
    return error_set(error, ERROR_CONFIG, "%s:%zu: %s", name, line, text);
}

static bool read_keys(const struct yaml_item *item, struct error *error, size_t *out_line)
{
    for (const struct yaml_item *member = item->first; member != NULL; member = member->next) {
        struct nearest nearest = nearest_to(slice_of_text(member->key));
        bool is_known = false;
        for (size_t i = 0; i < COUNT_OF(keys); i++) {
            nearest_offer(&nearest, keys[i]);
            is_known = is_known || strcmp(keys[i], member->key) == 0;
        }
        *out_line = member->line;
        if (!is_known) {
            return error_set(error, ERROR_CONFIG,
                             "unknown key '%s', expected client, edge, server, server-key, expect "
                             "or leg%s",
                             quote_text(member->key).text, nearest_hint(&nearest).text);
        }
        if (member->kind != YAML_TEXT || member->text[0] == '\0') {
            return error_set(error, ERROR_CONFIG, "%s: %s, expected a text", member->key,
                             member->kind == YAML_TEXT ? "nothing" : yaml_kind_text(member->kind));
        }
    }
    return true;
}

// The text of a member, NULL when it is not there; *out_line is where it stands.
static const char *text_of(const struct yaml_item *item, const char *key, size_t *out_line)
{
    const struct yaml_item *member = yaml_member(item, key);
    *out_line = member != NULL ? member->line : item->line;
    return member != NULL ? member->text : NULL;
}

static const char *needed(const struct yaml_item *item, const char *key, struct error *error,
                          size_t *out_line)
{
    const char *text = text_of(item, key, out_line);
    if (text == NULL) {
        (void)error_set(error, ERROR_CONFIG, "no %s, expected client, server and expect", key);
    }
    return text;
}

static bool read_cause(const char *text, const struct cause **out_cause, struct error *error)
{
    struct nearest nearest = nearest_to(slice_of_text(text));
    struct name_line names = {0};
    *out_cause = NULL;
    if (strcmp(text, "secured") == 0) {
        return true;
    }
    nearest_offer(&nearest, "secured");
    for (size_t i = 0; i < COUNT_OF(causes); i++) {
        if (strcmp(causes[i], text) == 0) {
            *out_cause = cause_find(text);
            return true;
        }
        nearest_offer(&nearest, causes[i]);
        name_line_add(&names, causes[i]);
    }
    bool is_cause = cause_find(text) != NULL;
    return error_set(error, ERROR_CONFIG, "expect: %s '%s', expected secured, %s%s",
                     is_cause ? "a prediction never comes to" : "unknown cause",
                     quote_text(text).text, names.text, nearest_hint(&nearest).text);
}

static bool read_leg(const char *text, struct expectation *out, struct error *error)
{
    if (text == NULL) {
        return true;
    }
    if (strcmp(text, "client") != 0 && strcmp(text, "server") != 0) {
        return error_set(error, ERROR_CONFIG, "leg: '%s', expected client or server",
                         quote_text(text).text);
    }
    if (out->cause == NULL) {
        return error_set(error, ERROR_CONFIG, "leg: not with 'expect: secured'");
    }
    out->has_leg = true;
    out->leg = strcmp(text, "client") == 0 ? CLIENT : SERVER;
    return true;
}

static bool try_client(const char *name, struct error *error)
{
    struct preset_hello hello = {0};
    bool is_ok = strcmp(name, "all") == 0 || preset_hello_find(&hello, name, error) ||
                 error_prefix(error, "client");
    preset_hello_clear(&hello);
    return is_ok;
}

static bool try_words(struct bridge_words words, const struct library *library, struct error *error)
{
    struct bridge_case bridge;
    bool is_ok = bridge_case_make(&bridge, &words, library, error);
    bridge_case_clear(&bridge);
    return is_ok;
}

static bool read_words(const struct yaml_item *item, const struct library *library,
                       struct bridge_words *out, struct error *error, size_t *out_line)
{
    // One word more at a time, so that what is wrong is in the line just read.
    out->server = needed(item, "server", error, out_line);
    if (out->server == NULL || !try_words(*out, library, error)) {
        return false;
    }
    out->keys = text_of(item, "server-key", out_line);
    if (!try_words(*out, library, error)) {
        return false;
    }
    out->edge = text_of(item, "edge", out_line);
    return try_words(*out, library, error);
}

static bool read_entry(const struct yaml_item *item, const struct library *library,
                       struct expectation *out, struct error *error, size_t *out_line)
{
    if (item->kind != YAML_MAP) {
        return error_set(error, ERROR_CONFIG,
                         "%s, expected a mapping with client, server and expect",
                         yaml_kind_text(item->kind));
    }
    if (!read_keys(item, error, out_line)) {
        return false;
    }
    out->client = needed(item, "client", error, out_line);
    if (out->client == NULL || !try_client(out->client, error) ||
        !read_words(item, library, &out->words, error, out_line)) {
        return false;
    }
    const char *expect = needed(item, "expect", error, out_line);
    return expect != NULL && read_cause(expect, &out->cause, error) &&
           read_leg(text_of(item, "leg", out_line), out, error);
}

bool expectation_read(const struct yaml_item *item, const char *name, const struct library *library,
                      struct expectation *out, struct error *error)
{
    struct expectation read = {.line = item->line};
    size_t line = item->line;
    if (!read_entry(item, library, &read, error, &line)) {
        return fail_at(error, name, line);
    }
    *out = read;
    return true;
}

bool expectation_is_met(const struct expectation *expectation,
                        const struct bridge_prediction *prediction)
{
    if (expectation->cause == NULL || prediction->is_secured) {
        return expectation->cause == NULL && prediction->is_secured;
    }
    return prediction->legs[prediction->broken].cause == expectation->cause &&
           (!expectation->has_leg || prediction->broken == expectation->leg);
}

const char *expectation_text(const struct expectation *expectation, struct arena *arena)
{
    const char *text = "secured";
    if (expectation->cause != NULL && expectation->has_leg) {
        text = arena_printf(arena, "%s on the %s leg", expectation->cause->code,
                            side_name(expectation->leg));
    } else if (expectation->cause != NULL) {
        text = expectation->cause->code;
    }
    return text != NULL ? text : "";
}
