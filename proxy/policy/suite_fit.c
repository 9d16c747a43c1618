#include "suite_fit.h"

#include "code_points.h"

bool suite_fits(uint16_t id, uint16_t version)
{
    const struct suite *suite = suite_find(id);
    uint16_t lowest = suite != NULL ? suite->version_min : VERSION_SSL30;
    return (lowest >= VERSION_TLS13) == (version >= VERSION_TLS13) && version >= lowest;
}
