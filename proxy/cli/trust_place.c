#include "trust_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chromium.h"
#include "nss.h"
#include "system_store.h"
#include "text.h"

const char *trust_short_name(const struct authority *ca, char out_text[TRUST_SHORT_NAME_MAX])
{
    char fingerprint[96];
    const char *text = authority_fingerprint(ca, fingerprint);
    size_t len = 0;
    for (const char *c = text; *c != '\0' && len < 8; c++) {
        if (*c != ':') {
            out_text[len++] = *c;
        }
    }
    out_text[len] = '\0';
    text_lower(out_text);
    return out_text;
}

// An absolute path in the environment; the XDG specification says to ignore a relative one.
static const char *folder_from(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] == '/' ? value : NULL;
}

void trust_places_find(const struct authority *ca, bool system, bool nss,
                       struct trust_places *out_places)
{
    *out_places = (struct trust_places){0};
    if (system && system_store_is_here()) {
        struct trust_place *place = &out_places->items[out_places->count++];
        *place = (struct trust_place){.owner = "system", .is_system = true};
        system_store_path(ca, place->path);
    }
    const struct home home = {
        .home = folder_from("HOME"),
        .config = folder_from("XDG_CONFIG_HOME"),
        .data = folder_from("XDG_DATA_HOME"),
    };
    char program[FILE_PATH_MAX];
    if (nss && home.home != NULL) {
        nss_find(&home, chromium_find(program), out_places);
    }
}

enum trust_state trust_place_state(const struct trust_place *place, const struct authority *ca,
                                   struct error *error)
{
    return place->is_system ? system_store_state(place->path, ca, error)
                            : nss_state(place->path, ca, error);
}

enum trust_change trust_place_add(const struct trust_place *place, const struct authority *ca,
                                  struct error *error)
{
    enum trust_state state = trust_place_state(place, ca, error);
    if (state == TRUST_YES) {
        return TRUST_UNCHANGED;
    }
    if (state == TRUST_UNKNOWN) {
        return TRUST_FAILED;
    }
    bool is_added = place->is_system ? system_store_add(place->path, ca, error)
                                     : nss_add(place->path, ca, error);
    return is_added ? TRUST_CHANGED : TRUST_FAILED;
}

enum trust_change trust_place_remove(const struct trust_place *place, const struct authority *ca,
                                     struct error *error)
{
    enum trust_state state = trust_place_state(place, ca, error);
    bool is_left = place->is_system && file_exists(place->path); // the file, though not in force
    if (state == TRUST_NO && !is_left) {
        return TRUST_UNCHANGED;
    }
    if (state == TRUST_UNKNOWN) {
        return TRUST_FAILED;
    }
    bool is_removed = place->is_system ? system_store_remove(place->path, error)
                                       : nss_remove(place->path, ca, error);
    return is_removed ? TRUST_CHANGED : TRUST_FAILED;
}
