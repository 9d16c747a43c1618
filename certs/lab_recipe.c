#include "lab_recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XX(name, text) text,
static const char *const key_words[] = {LAB_KEY_MAP(XX)};
static const char *const issuer_words[] = {LAB_ISSUER_MAP(XX)};
static const char *const sent_words[] = {LAB_SENT_MAP(XX)};
static const char *const fault_words[] = {LAB_FAULT_MAP(XX)};
static const char *const trust_words[] = {LAB_TRUST_MAP(XX)};
static const char *const staple_words[] = {LAB_STAPLE_MAP(XX)};
static const char *const aia_words[] = {LAB_AIA_MAP(XX)};
static const char *const said_words[] = {LAB_SAID_MAP(XX)};
#undef XX

// refuse_word says which words there are; always false.
static bool refuse_word(const char *key, const char *value, const char *const *words, size_t count,
                        struct error *error)
{
    char expected[ERROR_TEXT_MAX] = "";
    size_t len = 0;
    for (size_t i = 0; i < count && len < sizeof(expected); i++) {
        len += (size_t)snprintf(expected + len, sizeof(expected) - len, "%s%s", i > 0 ? ", " : "",
                                words[i]);
    }
    return error_set(error, ERROR_CONFIG, "bad %s '%.60s': expected one of %s", key, value,
                     expected);
}

static bool set_word(const char *key, const char *value, const char *const *words, size_t count,
                     int *out_number, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], value) == 0) {
            *out_number = (int)i;
            return true;
        }
    }
    return refuse_word(key, value, words, count, error);
}

static bool set_text(const char *key, const char *value, char *out_text, size_t size,
                     struct error *error)
{
    if (strlen(value) >= size) {
        return error_set(error, ERROR_CONFIG, "%s of %zu characters: expected at most %zu", key,
                         strlen(value), size - 1);
    }
    (void)snprintf(out_text, size, "%s", value); // fits
    return true;
}

// read_days reads a whole number of at most LAB_DAYS_MAX either way, up to `*end`.
static bool read_days(const char *text, const char **out_end, int *out_days)
{
    char *end = NULL;
    long days = strtol(text, &end, 10);
    if (end == text || days < -LAB_DAYS_MAX || days > LAB_DAYS_MAX) {
        return false;
    }
    *out_end = end;
    *out_days = (int)days;
    return true;
}

static bool set_days(const char *key, const char *value, struct lab_days *out_days,
                     struct error *error)
{
    struct lab_days days;
    const char *at = NULL, *end = NULL;
    if (!read_days(value, &at, &days.from) || strncmp(at, "..", 2) != 0 ||
        !read_days(at + 2, &end, &days.to) || *end != '\0' || days.from >= days.to) {
        return error_set(error, ERROR_CONFIG,
                         "bad %s '%.60s': expected days from now as FROM..TO, such as -400..-30",
                         key, value);
    }
    *out_days = days;
    return true;
}

static bool set_switch(const char *key, const char *value, bool *out_on, struct error *error)
{
    static const char *const words[] = {"no", "yes"};
    int number = 0;
    if (!set_word(key, value, words, COUNT_OF(words), &number, error)) {
        return false;
    }
    *out_on = number == 1;
    return true;
}

static bool set_recipe(struct lab_recipe *recipe, const char *name, struct error *error)
{
    const struct lab_recipe_row *row = lab_recipe_find(name);
    if (row == NULL) {
        return error_set(error, ERROR_CONFIG,
                         "no recipe '%.60s': expected the name of one of the lab's certificates, "
                         "such as good or expired",
                         name);
    }
    *recipe = row->recipe;
    return true;
}

struct word_key {
    const char *name;
    const char *const *words;
    size_t word_count;
};

enum word_place {
    PLACE_KEY,
    PLACE_ISSUER,
    PLACE_SENT,
    PLACE_FAULT,
    PLACE_TRUST,
    PLACE_STAPLE,
    PLACE_AIA,
    PLACE_OCSP,
    PLACE_CRL,
    PLACES
};

static const struct word_key word_keys[] = {
    [PLACE_KEY] = {"key", key_words, COUNT_OF(key_words)},
    [PLACE_ISSUER] = {"issuer", issuer_words, COUNT_OF(issuer_words)},
    [PLACE_SENT] = {"sent", sent_words, COUNT_OF(sent_words)},
    [PLACE_FAULT] = {"fault", fault_words, COUNT_OF(fault_words)},
    [PLACE_TRUST] = {"trust", trust_words, COUNT_OF(trust_words)},
    [PLACE_STAPLE] = {"staple", staple_words, COUNT_OF(staple_words)},
    [PLACE_AIA] = {"aia", aia_words, COUNT_OF(aia_words)},
    [PLACE_OCSP] = {"ocsp", said_words, COUNT_OF(said_words)},
    [PLACE_CRL] = {"crl", said_words, COUNT_OF(said_words)},
};

static void put_word(struct lab_recipe *recipe, enum word_place place, int number)
{
    switch (place) {
    case PLACE_KEY:
        recipe->key = (enum lab_key)number;
        break;
    case PLACE_ISSUER:
        recipe->issuer = (enum lab_issuer)number;
        break;
    case PLACE_SENT:
        recipe->sent = (enum lab_sent)number;
        break;
    case PLACE_FAULT:
        recipe->fault = (enum lab_fault)number;
        break;
    case PLACE_TRUST:
        recipe->trust = (enum lab_trust)number;
        break;
    case PLACE_STAPLE:
        recipe->staple = (enum lab_staple)number;
        break;
    case PLACE_AIA:
        recipe->aia = (enum lab_aia)number;
        break;
    case PLACE_OCSP:
        recipe->ocsp = (enum lab_said)number;
        break;
    case PLACE_CRL:
        recipe->crl = (enum lab_said)number;
        break;
    case PLACES:
        break;
    }
}

// set_other handles the keys whose values are no words of a list; *out_known tells whether it is
// one.
static bool set_other(struct lab_recipe *recipe, const char *key, const char *value,
                      bool *out_known, struct error *error)
{
    *out_known = true;
    if (strcmp(key, "recipe") == 0) {
        return set_recipe(recipe, value, error);
    }
    if (strcmp(key, "names") == 0) {
        return set_text(key, value, recipe->names, sizeof(recipe->names), error);
    }
    if (strcmp(key, "common-name") == 0) {
        return set_text(key, value, recipe->common_name, sizeof(recipe->common_name), error);
    }
    if (strcmp(key, "issuer-name") == 0) {
        return set_text(key, value, recipe->issuer_name, sizeof(recipe->issuer_name), error);
    }
    if (strcmp(key, "days") == 0) {
        return set_days(key, value, &recipe->leaf, error);
    }
    if (strcmp(key, "intermediate-days") == 0) {
        return set_days(key, value, &recipe->intermediate, error);
    }
    if (strcmp(key, "root-days") == 0) {
        return set_days(key, value, &recipe->root, error);
    }
    if (strcmp(key, "must-staple") == 0) {
        return set_switch(key, value, &recipe->must_staple, error);
    }
    if (strcmp(key, "revoked-by-crl") == 0) {
        return set_switch(key, value, &recipe->revoked_by_crl, error);
    }
    if (strcmp(key, "for-client") == 0) {
        return set_switch(key, value, &recipe->for_client, error);
    }
    *out_known = false;
    return false;
}

bool lab_recipe_set(struct lab_recipe *recipe, const char *key, const char *value,
                    struct error *error)
{
    for (int i = 0; i < PLACES; i++) {
        int number = 0;
        if (strcmp(word_keys[i].name, key) != 0) {
            continue;
        }
        if (!set_word(key, value, word_keys[i].words, word_keys[i].word_count, &number, error)) {
            return false;
        }
        put_word(recipe, (enum word_place)i, number);
        return true;
    }
    bool is_known;
    bool is_set = set_other(recipe, key, value, &is_known, error);
    if (is_known) {
        return is_set;
    }
    return error_set(
        error, ERROR_CONFIG,
        "unknown certificate key '%.60s': expected recipe, names, common-name, "
        "issuer-name, key, issuer, sent, fault, trust, staple, aia, ocsp, crl, "
        "days, intermediate-days, root-days, must-staple, revoked-by-crl or for-client",
        key);
}

bool lab_recipe_has_key(const char *key)
{
    struct lab_recipe scratch = {0};
    bool is_known = false;
    for (int i = 0; i < PLACES; i++) {
        is_known = is_known || strcmp(word_keys[i].name, key) == 0;
    }
    if (!is_known) {
        (void)set_other(&scratch, key, "", &is_known, NULL); // only whether there is such a key
    }
    return is_known;
}
