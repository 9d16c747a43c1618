// The places that can trust the authority: the system's store, and the NSS stores of browsers.
#pragma once

#include "authority.h"
#include "file.h"

#define TRUST_PLACES_MAX 64

struct trust_place {
    const char *owner; // "system", "Chromium", "Firefox"
    bool is_system;
    char path[FILE_PATH_MAX]; // the certificate's file, or the folder of an NSS store
};

struct trust_places {
    struct trust_place items[TRUST_PLACES_MAX];
    size_t count;
    size_t left_out; // past TRUST_PLACES_MAX
};

enum trust_state {
    TRUST_YES,
    TRUST_NO,
    TRUST_UNKNOWN // it can't be asked; the error says why
};

// What a change came to.
enum trust_change {
    TRUST_CHANGED,
    TRUST_UNCHANGED, // it was so already
    TRUST_FAILED     // the error says why
};

// trust_places_find lists what is on this machine; `system` and `nss` say which kinds are wanted.
// Chromium's store is listed although it is not there yet when Chromium is.
void trust_places_find(const struct authority *ca, bool system, bool nss,
                       struct trust_places *out_places);

enum trust_state trust_place_state(const struct trust_place *place, const struct authority *ca,
                                   struct error *error);
enum trust_change trust_place_add(const struct trust_place *place, const struct authority *ca,
                                  struct error *error);
enum trust_change trust_place_remove(const struct trust_place *place, const struct authority *ca,
                                     struct error *error);

// trust_short_name writes the first eight digits of the fingerprint, lower case: part of the name
// under which stores keep the authority.
#define TRUST_SHORT_NAME_MAX 16
const char *trust_short_name(const struct authority *ca, char out_text[TRUST_SHORT_NAME_MAX]);
