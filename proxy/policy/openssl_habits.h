// What OpenSSL 3.0 takes when it is told nothing: ssl/t1_lib.c. Inside policy only.
#pragma once

#include "number_list.h"

extern const struct number_list openssl_groups;  // in its order of preference
extern const struct number_list openssl_schemes; // GOST left out: no engine for it
