#include "origin_terms.h"

void origin_terms_make(const struct leg_policy *policy, uint32_t keys,
                       const struct library *library, struct server_terms *out_terms)
{
    struct leg_policy said = *policy;
    bool is_old = said.version_max > 0 && said.version_max < VERSION_TLS12;
    if (said.version_min == 0) {
        said.version_min = is_old ? VERSION_TLS10 : VERSION_TLS12;
    }
    if (said.version_min > said.version_max && said.version_max > 0) {
        said.version_min = said.version_max; // max=SSL3
    }
    if (said.version_max == 0) {
        said.version_max = VERSION_TLS13;
    }
    *out_terms = (struct server_terms){.keys = keys};
    struct leg_shape *shape = &out_terms->shape;
    shape_client(&said, library, NULL, shape);
    if (said.suites.count > 0) {
        shape->suites = said.suites;
    }
    if (said.groups.count > 0) {
        shape->groups = said.groups;
    }
    if (said.schemes.count > 0) {
        shape->schemes = said.schemes;
    }
    out_terms->needs_alpn_overlap = said.has_alpn && said.alpn_len > 0;
}
