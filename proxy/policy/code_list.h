// Lists of code points as people write them: "ECDHE-RSA-AES128-GCM-SHA256:0xC02F".
#pragma once

#include "error.h"
#include "number_list.h"

enum code_kind {
    CODE_SUITE,
    CODE_GROUP,
    CODE_SCHEME
};

// code_list_read reads names joined by ':', each one that the registries or OpenSSL know, or a
// number such as 0xC02F (of any value: numbers are taken at their word). One named twice counts
// once. False with an ERROR_USAGE that begins with `key`, names the unknown one, and the nearest
// known name if one is near; `out_list` is set on success only.
bool code_list_read(enum code_kind kind, const char *key, const char *text,
                    struct number_list *out_list, struct error *error);
