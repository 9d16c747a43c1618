#include "shape_hello.h"

#include <string.h>

#include "openssl_habits.h"
#include "suite_fit.h"

static struct slice put_list(const struct number_list *list, uint8_t *place)
{
    for (size_t i = 0; i < list->count; i++) {
        place[2 * i] = (uint8_t)(list->items[i] >> 8);
        place[2 * i + 1] = (uint8_t)list->items[i];
    }
    return (struct slice){place, (size_t)2 * list->count};
}

static bool fits_window(const struct leg_shape *shape, uint16_t suite)
{
    for (uint16_t version = shape->version_min; version <= shape->version_max; version++) {
        if (suite_fits(suite, version)) {
            return true;
        }
    }
    return false;
}

static bool uses_curves(const struct number_list *suites)
{
    for (size_t i = 0; i < suites->count; i++) {
        const struct suite *suite = suite_find(suites->items[i]);
        if (suite != NULL && (suite->kx == KX_ECDHE || suite->kx == KX_ANY)) {
            return true;
        }
    }
    return false;
}

// OpenSSL sends one key share: of the first of its groups that TLS 1.3 has.
static struct slice put_share(const struct number_list *groups, uint8_t place[5])
{
    for (size_t i = 0; i < groups->count; i++) {
        const struct group *group = group_find(groups->items[i]);
        if (group != NULL && group->in_tls13) {
            place[0] = (uint8_t)(group->id >> 8);
            place[1] = (uint8_t)group->id;
            place[2] = 0;
            place[3] = 1;
            place[4] = 0;
            return (struct slice){place, 5};
        }
    }
    return SLICE_EMPTY;
}

void shape_hello_make(const struct leg_shape *shape, struct shape_hello *out)
{
    memset(out, 0, sizeof(*out));
    struct client_hello *hello = &out->hello;
    const struct number_list *groups = shape->groups.count > 0 ? &shape->groups : &openssl_groups;
    const struct number_list *schemes =
        shape->schemes.count > 0 ? &shape->schemes : &openssl_schemes;
    struct number_list versions = {0}, suites = {0};
    for (uint16_t version = shape->version_max; version >= shape->version_min; version--) {
        (void)number_list_add(&versions, version); // a handful
    }
    for (size_t i = 0; i < shape->suites.count; i++) {
        if (fits_window(shape, shape->suites.items[i])) {
            (void)number_list_add(&suites, shape->suites.items[i]); // no longer than the shape's
        }
    }
    bool is_new = shape->version_max >= VERSION_TLS13;
    hello->legacy_version = is_new ? VERSION_TLS12 : shape->version_max;
    hello->cipher_suites = put_list(&suites, out->suites);
    hello->has_extensions = true;
    if (is_new && versions.count <= sizeof(out->versions) / 2) {
        hello->has_versions = true;
        hello->versions = put_list(&versions, out->versions);
        hello->has_key_share = true;
        hello->key_shares = put_share(groups, out->share);
    }
    if (is_new || uses_curves(&suites)) {
        hello->has_groups = true;
        hello->groups = put_list(groups, out->groups);
    }
    if (shape->version_max >= VERSION_TLS12) {
        hello->has_schemes = true;
        hello->schemes = put_list(schemes, out->schemes);
    }
    memcpy(out->alpn, shape->alpn, shape->alpn_len);
    hello->has_alpn = shape->alpn_len > 0;
    hello->alpn = (struct slice){out->alpn, shape->alpn_len};
}
