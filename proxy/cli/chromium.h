// Chromium with a profile of its own that uses and trusts midspan.
#pragma once

#include "authority.h"
#include "browser.h"
#include "environment.h"
#include "scratch.h"

// chromium_find writes the path of the first Chromium-like browser in $PATH; false: there is none.
bool chromium_find(char out_path[FILE_PATH_MAX]);

// chromium_line makes the command line.
void chromium_line(const struct browser_start *start, struct line *out_line);

// chromium_spki_hash writes what --ignore-certificate-errors-spki-list takes: base64 of the
// SHA-256 of the authority's SubjectPublicKeyInfo.
#define CHROMIUM_SPKI_MAX 48
bool chromium_spki_hash(const struct authority *ca, char out_text[CHROMIUM_SPKI_MAX]);

// chromium_home makes a home folder whose NSS store trusts the authority, and points HOME and the
// XDG folders of `environment` there.
bool chromium_home(const struct scratch *scratch, const struct authority *ca,
                   struct environment *environment, struct error *error);
