// What a trust store is made of, for the files here that verify with it. Not for other folders.
#pragma once

#include "trust.h"

struct trust_store {
    X509_STORE *store;
    bool has_crls;
};
