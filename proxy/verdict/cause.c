#include "cause.h"

#include <string.h>

// From causes.yaml by scripts/gen_causes.py, in the catalogue's order.
static const struct cause causes[] = {
#include "causes.inc"
};

const struct cause *cause_at(size_t i)
{
    return i < sizeof(causes) / sizeof(causes[0]) ? &causes[i] : NULL;
}

const struct cause *cause_find(const char *code)
{
    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
        if (strcmp(causes[i].code, code) == 0) {
            return &causes[i];
        }
    }
    return NULL;
}
