#include "shape.h"

#include <string.h>

#include "offer.h"
#include "openssl_habits.h"
#include "suite_fit.h"

// What is wanted and known, in the order wanted, each once.
static void keep_known(const struct number_list *wanted, const struct number_list *known,
                       struct number_list *out_list)
{
    *out_list = (struct number_list){0};
    for (size_t i = 0; i < wanted->count; i++) {
        if (number_list_has(known, wanted->items[i]) &&
            !number_list_has(out_list, wanted->items[i])) {
            (void)number_list_add(out_list, wanted->items[i]); // no longer than `wanted`
        }
    }
}

// The library's own suites, but for those without a certificate or without encryption, and those
// that need a secret of both sides: nobody means them unless they name them.
static bool is_everyday(uint16_t id)
{
    const struct suite *suite = suite_find(id);
    if (suite == NULL) {
        return false;
    }
    bool is_certified =
        suite->auth == AUTH_ANY || suite->auth == AUTH_RSA || suite->auth == AUTH_ECDSA;
    return is_certified && suite->kx != KX_PSK && suite->kx != KX_OTHER && suite->bits > 56;
}

// A suite that midspan could complete a handshake with, if the library has it: not one that needs a
// pre-shared key or a password.
static bool is_carried(uint16_t id)
{
    const struct suite *suite = suite_find(id);
    return suite == NULL ||
           (suite->kx != KX_PSK && suite->kx != KX_OTHER && suite->auth != AUTH_PSK);
}

static void keep_if(struct number_list *list, bool (*keeps)(uint16_t id))
{
    struct number_list kept = {0};
    for (size_t i = 0; i < list->count; i++) {
        if (keeps(list->items[i])) {
            (void)number_list_add(&kept, list->items[i]); // no longer than `list`
        }
    }
    *list = kept;
}

static bool any_fits(const struct number_list *suites, uint16_t version)
{
    for (size_t i = 0; i < suites->count; i++) {
        if (suite_fits(suites->items[i], version)) {
            return true;
        }
    }
    return false;
}

// Brings the ends of the window to versions that a suite can be used with: TLS 1.3 with suites of
// TLS 1.2 only can't be said in a hello, and OpenSSL refuses to. The lower end stays where the
// policy or the client's own hello put it.
static void fit_window(struct leg_shape *shape, bool moves_min)
{
    uint16_t min = shape->version_min;
    uint16_t max = shape->version_max;
    while (max > min && !any_fits(&shape->suites, max)) {
        max--;
    }
    while (moves_min && min < max && !any_fits(&shape->suites, min)) {
        min++;
    }
    if (any_fits(&shape->suites, max)) {
        shape->version_min = min;
        shape->version_max = max;
    }
}

// Drops the suites that no version of the window can use; false, and nothing dropped, when that is
// all of them.
static bool drop_unfit(struct leg_shape *shape)
{
    struct number_list kept = {0};
    for (size_t i = 0; i < shape->suites.count; i++) {
        bool is_fit = false;
        for (uint16_t v = shape->version_min; v <= shape->version_max; v++) {
            is_fit = is_fit || suite_fits(shape->suites.items[i], v);
        }
        if (is_fit) {
            (void)number_list_add(&kept, shape->suites.items[i]); // no longer than it was
        }
    }
    if (kept.count == 0) {
        return false;
    }
    shape->suites = kept;
    return true;
}

// The window: what the policy says of each end, else `offered`'s end; one that the policy's other
// end makes empty opens to the library's own end.
static void make_window(const struct leg_policy *policy, const struct library *library,
                        uint16_t offered_min, uint16_t offered_max, struct leg_shape *shape)
{
    uint16_t min = policy->version_min > 0 ? policy->version_min : offered_min;
    uint16_t max = policy->version_max > 0 ? policy->version_max : offered_max;
    if (min > max && policy->version_max == 0) {
        max = library->version_max;
    }
    if (min > max && policy->version_min == 0) {
        min = library->version_min;
    }
    shape->version_min = min;
    shape->version_max = max;
    // What the library lacks at either end is no choice, unless nothing would be left.
    if (shape->version_min < library->version_min && max >= library->version_min) {
        shape->version_min = library->version_min;
    }
    if (shape->version_max > library->version_max && min <= library->version_max) {
        shape->version_max = library->version_max;
    }
}

// What is said and the library can do; all that is said when it can do none of it.
static void take_said(const struct number_list *said, const struct number_list *known,
                      struct number_list *out_list)
{
    keep_known(said, known, out_list);
    if (out_list->count == 0) {
        *out_list = *said;
    }
}

static void take_everyday(const struct library *library, struct number_list *out_suites)
{
    *out_suites = library->suites;
    keep_if(out_suites, is_everyday);
}

// Makes window and suites fit each other. What the policy did not say gives way.
static void settle_suites(const struct leg_policy *policy, const struct library *library,
                          struct leg_shape *shape)
{
    fit_window(shape, policy->suites.count > 0 && policy->version_min == 0);
    if (!drop_unfit(shape) && policy->suites.count == 0) {
        take_everyday(library, &shape->suites);
        (void)drop_unfit(shape); // the policy's window is kept if even so nothing fits
    }
}

static void shape_numbers(const struct leg_policy *policy, const struct offer *offer,
                          const struct library *library, bool mirrors, struct leg_shape *shape)
{
    bool has_window = mirrors && offer->version_max >= library->version_min &&
                      offer->version_min <= library->version_max;
    make_window(policy, library, has_window ? offer->version_min : VERSION_TLS12,
                has_window ? offer->version_max : VERSION_TLS13, shape);
    if (policy->suites.count > 0) {
        take_said(&policy->suites, &library->suites, &shape->suites);
    } else if (mirrors) {
        keep_known(&offer->suites, &library->suites, &shape->suites);
        keep_if(&shape->suites, is_carried);
    }
    if (shape->suites.count == 0) {
        take_everyday(library, &shape->suites);
    }
    settle_suites(policy, library, shape);
    if (policy->groups.count > 0) {
        take_said(&policy->groups, &library->groups, &shape->groups);
    } else if (mirrors) {
        keep_known(&offer->groups, &library->groups, &shape->groups);
    }
    if (policy->schemes.count > 0) {
        take_said(&policy->schemes, &library->schemes, &shape->schemes);
    } else if (mirrors) {
        keep_known(&offer->schemes, &library->schemes, &shape->schemes);
    }
}

static void set_alpn(struct leg_shape *shape, const uint8_t *names, size_t len)
{
    memset(shape->alpn, 0, sizeof(shape->alpn));
    memcpy(shape->alpn, names, len);
    shape->alpn_len = (uint8_t)len;
}

static bool add_alpn(struct leg_shape *shape, struct slice name)
{
    if (name.len == 0 || name.len > 255 || shape->alpn_len + 1 + name.len > POLICY_ALPN_MAX) {
        return false;
    }
    shape->alpn[shape->alpn_len] = (uint8_t)name.len;
    memcpy(shape->alpn + shape->alpn_len + 1, name.data, name.len);
    shape->alpn_len = (uint8_t)(shape->alpn_len + 1 + name.len);
    return true;
}

static bool has_alpn_name(const uint8_t *names, size_t len, struct slice wanted)
{
    struct slice name;
    for (size_t at = 0; alpn_next((struct slice){names, len}, &at, &name);) {
        if (slice_equals(name, wanted)) {
            return true;
        }
    }
    return false;
}

static void shape_alpn(const struct leg_policy *policy, const struct client_hello *hello,
                       bool mirrors, const struct slice *alpn_chosen, struct leg_shape *shape)
{
    struct slice name;
    if (policy->has_alpn) {
        set_alpn(shape, policy->alpn, policy->alpn_len);
    } else if (alpn_chosen != NULL) {
        (void)add_alpn(shape, *alpn_chosen); // an empty one, or none that fits: none
    } else if (mirrors) {
        for (size_t at = 0; alpn_next(hello->alpn, &at, &name);) {
            (void)add_alpn(shape, name); // what does not fit is a loss, which find_losses sees
        }
    }
}

static void add_lost(const struct number_list *offered, const struct number_list *kept,
                     struct number_list *out_lost)
{
    for (size_t i = 0; i < offered->count; i++) {
        if (!number_list_has(kept, offered->items[i])) {
            (void)number_list_add(out_lost, offered->items[i]); // no longer than `offered`
        }
    }
}

static void find_losses(const struct client_hello *hello, const struct offer *offer,
                        const struct library *library, const struct slice *alpn_chosen,
                        const struct leg_shape *shape, struct losses *out_lost)
{
    for (size_t i = 0; i < offer->versions.count; i++) {
        uint16_t version = offer->versions.items[i];
        if (version < shape->version_min || version > shape->version_max) {
            (void)number_list_add(&out_lost->versions, version); // no longer than `offer`
        }
    }
    add_lost(&offer->suites, &shape->suites, &out_lost->suites);
    add_lost(&offer->groups, shape->groups.count > 0 ? &shape->groups : &library->groups,
             &out_lost->groups);
    add_lost(&offer->schemes, shape->schemes.count > 0 ? &shape->schemes : &library->schemes,
             &out_lost->schemes);
    struct slice name;
    // With an ALPN already chosen on the client leg, the other names were not lost here.
    for (size_t at = 0; hello != NULL && alpn_next(hello->alpn, &at, &name);) {
        bool is_wanted = alpn_chosen == NULL || slice_equals(name, *alpn_chosen);
        out_lost->alpn =
            out_lost->alpn || (is_wanted && !has_alpn_name(shape->alpn, shape->alpn_len, name));
    }
}

void shape_fixed(const struct leg_policy *policy, struct fixed *out_fixed)
{
    bool is_all = !policy->mirror;
    *out_fixed = (struct fixed){
        .versions = is_all || policy->version_min != 0 || policy->version_max != 0,
        .suites = is_all || policy->suites.count > 0,
        .groups = is_all || policy->groups.count > 0,
        .schemes = is_all || policy->schemes.count > 0,
    };
}

void shape_server(const struct leg_policy *policy, const struct client_hello *hello,
                  const struct library *library, const struct slice *alpn_chosen,
                  struct leg_shape *out_shape, struct losses *out_lost)
{
    memset(out_shape, 0, sizeof(*out_shape));
    memset(out_lost, 0, sizeof(*out_lost));
    bool mirrors = policy->mirror && hello != NULL;
    struct offer offer;
    offer_read(hello, &offer);
    shape_numbers(policy, &offer, library, mirrors, out_shape);
    shape_alpn(policy, hello, mirrors, alpn_chosen, out_shape);
    find_losses(hello, &offer, library, alpn_chosen, out_shape, out_lost);
}

// What is said; else all that the library has, what it prefers itself first: when none of the
// client's key shares will do, the first group that the client has is asked for, and a client that
// is asked for a certificate may sign with the first scheme it has.
static void take_said_or_all(const struct number_list *said, const struct number_list *known,
                             const struct number_list *preferred, struct number_list *out_list)
{
    if (said->count > 0) {
        take_said(said, known, out_list);
        return;
    }
    keep_known(preferred, known, out_list);
    for (size_t i = 0; i < known->count; i++) {
        if (!number_list_has(out_list, known->items[i])) {
            (void)number_list_add(out_list, known->items[i]); // as many as are known
        }
    }
}

// A policy that forbids what the origin chose is obeyed: the two legs then speak differently,
// which is the very fault of an edge with such a policy.
static void client_alpn(const struct leg_policy *policy, const struct slice *alpn_chosen,
                        struct leg_shape *shape)
{
    bool is_forbidden = alpn_chosen != NULL && alpn_chosen->len > 0 && policy->has_alpn &&
                        !has_alpn_name(policy->alpn, policy->alpn_len, *alpn_chosen);
    if (alpn_chosen == NULL || is_forbidden) {
        set_alpn(shape, policy->alpn, policy->alpn_len);
    } else {
        (void)add_alpn(shape, *alpn_chosen); // an empty one, or one that does not fit: none
    }
}

void shape_client(const struct leg_policy *policy, const struct library *library,
                  const struct slice *alpn_chosen, struct leg_shape *out_shape)
{
    memset(out_shape, 0, sizeof(*out_shape));
    make_window(policy, library, library->version_min, library->version_max, out_shape);
    if (policy->suites.count > 0) {
        take_said(&policy->suites, &library->suites, &out_shape->suites);
    } else {
        take_everyday(library, &out_shape->suites);
    }
    settle_suites(policy, library, out_shape);
    take_said_or_all(&policy->groups, &library->groups, &openssl_groups, &out_shape->groups);
    take_said_or_all(&policy->schemes, &library->schemes, &openssl_schemes, &out_shape->schemes);
    client_alpn(policy, alpn_chosen, out_shape);
}
