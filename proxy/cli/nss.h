// NSS stores, which Chromium and Firefox trust; through NSS's own certutil.
#pragma once

#include "trust_place.h"

// The folders that a user's programs keep things in.
struct home {
    const char *home;   // $HOME
    const char *config; // $XDG_CONFIG_HOME, or NULL: home/.config
    const char *data;   // $XDG_DATA_HOME, or NULL: home/.local/share
};

// nss_find lists the stores under a home: Chromium's, also of snap and Flatpak, and one for each
// Firefox profile. With `makes_chromium`, ~/.pki/nssdb is listed even when it is not there.
void nss_find(const struct home *home, bool makes_chromium, struct trust_places *out_places);

enum trust_state nss_state(const char *folder, const struct authority *ca, struct error *error);
bool nss_add(const char *folder, const struct authority *ca, struct error *error);
bool nss_remove(const char *folder, const struct authority *ca, struct error *error);

// nss_trusts reads what `certutil -L` prints: is there a line of `nickname` whose trust attributes
// make it an authority for servers ("C,,")?
bool nss_trusts(struct slice listing, const char *nickname);

// nss_has_tool is true if certutil is installed.
bool nss_has_tool(void);
#define NSS_TOOL_HINT "certutil is missing: apt install libnss3-tools"
