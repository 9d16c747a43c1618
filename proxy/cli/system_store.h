// The system's store, as Debian keeps it: files in a folder, and update-ca-certificates.
#pragma once

#include "trust_place.h"

// system_store_path writes where the authority's certificate stands when it is installed.
void system_store_path(const struct authority *ca, char out_path[FILE_PATH_MAX]);

// system_store_is_here is true if this system keeps its store so.
bool system_store_is_here(void);

enum trust_state system_store_state(const char *path, const struct authority *ca,
                                    struct error *error);
bool system_store_add(const char *path, const struct authority *ca, struct error *error);
bool system_store_remove(const char *path, struct error *error);
