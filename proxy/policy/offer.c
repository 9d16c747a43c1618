#include "offer.h"

#include "code_points.h"

static void keep_plain(const struct number_list *offered, struct number_list *out_list)
{
    *out_list = (struct number_list){0};
    for (size_t i = 0; i < offered->count; i++) {
        if (!is_grease(offered->items[i]) && !number_list_has(out_list, offered->items[i])) {
            (void)number_list_add(out_list, offered->items[i]); // no longer than `offered`
        }
    }
}

static void read_plain(struct slice vector, struct number_list *out_list)
{
    struct number_list offered;
    (void)number_list_read(&offered, vector); // cut, as the contract says
    keep_plain(&offered, out_list);
}

// RFC 5246 appendix E.2: three bytes each; the first is zero for a suite that TLS knows.
static void read_sslv2_suites(struct slice kinds, struct number_list *out_list)
{
    for (size_t i = 0; i + 3 <= kinds.len; i += 3) {
        if (kinds.data[i] == 0) {
            uint16_t id = (uint16_t)(kinds.data[i + 1] << 8 | kinds.data[i + 2]);
            (void)number_list_add(out_list, id); // cut, as the contract says
        }
    }
}

static void read_suites(const struct client_hello *hello, struct offer *offer)
{
    struct number_list all = {0};
    if (hello->is_sslv2) {
        read_sslv2_suites(hello->cipher_suites, &all);
    } else {
        (void)number_list_read(&all, hello->cipher_suites); // cut, as the contract says
    }
    struct number_list kept = {0};
    for (size_t i = 0; i < all.count; i++) {
        offer->is_fallback = offer->is_fallback || all.items[i] == SCSV_FALLBACK;
        if (all.items[i] != SCSV_FALLBACK && all.items[i] != SCSV_RENEGOTIATION) {
            (void)number_list_add(&kept, all.items[i]); // no longer than `all`
        }
    }
    keep_plain(&kept, &offer->suites);
}

static void read_versions(const struct client_hello *hello, struct offer *offer)
{
    if (hello->has_versions) {
        read_plain(hello->versions, &offer->versions);
    }
    for (uint16_t version = VERSION_SSL30; version <= VERSION_TLS13; version++) {
        if (!client_hello_offers_version(hello, version)) {
            continue;
        }
        offer->version_min = offer->version_min == 0 ? version : offer->version_min;
        offer->version_max = version;
        // An old hello names one version only; that it would take SSL 3.0 as well is no offer.
        if (!hello->has_versions && (version > VERSION_SSL30 || version == hello->legacy_version)) {
            (void)number_list_add(&offer->versions, version); // five at most
        }
    }
}

void offer_read(const struct client_hello *hello, struct offer *out_offer)
{
    *out_offer = (struct offer){0};
    if (hello == NULL) {
        return;
    }
    read_versions(hello, out_offer);
    read_suites(hello, out_offer);
    read_plain(hello->groups, &out_offer->groups);
    read_plain(hello->schemes, &out_offer->schemes);
}
