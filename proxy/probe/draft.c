#include "draft.h"

#include "code_points.h"
#include "wide.h"

static void add_missing(struct number_list *list, const struct number_list *more)
{
    for (size_t i = 0; i < more->count; i++) {
        if (!number_list_has(list, more->items[i])) {
            (void)number_list_add(list, more->items[i]); // what does not fit is the least likely
        }
    }
}

static bool has_suite_for(const struct number_list *suites, uint16_t version)
{
    struct number_list kept;
    suites_for(suites, version, &kept);
    for (size_t i = 0; i < kept.count; i++) {
        const struct suite *suite = suite_find(kept.items[i]);
        if (suite != NULL && suite->class != SUITE_SIGNALLING) {
            return true;
        }
    }
    return false;
}

static bool has_scheme_for(const struct number_list *schemes, uint16_t version)
{
    for (size_t i = 0; i < schemes->count; i++) {
        const struct scheme *scheme = scheme_find(schemes->items[i]);
        bool fits =
            scheme != NULL &&
            (version >= VERSION_TLS13 ? scheme->in_tls13 && !scheme->is_weak : scheme->in_tls12);
        if (fits) {
            return true;
        }
    }
    return false;
}

// need_version brings along what an added version can't do without.
static void need_version(struct draft *draft, uint16_t version)
{
    struct number_list wide, usual;
    if (!has_suite_for(&draft->suites, version)) {
        wide_list(LIST_SUITES, &wide);
        suites_for(&wide, version, &usual);
        add_missing(&draft->suites, &usual);
    }
    if (version >= VERSION_TLS12 && !has_scheme_for(&draft->schemes, version)) {
        wide_list(LIST_SCHEMES, &wide);
        add_missing(&draft->schemes, &wide);
    }
    if (version >= VERSION_TLS13 && draft->groups.count == 0) {
        wide_list(LIST_GROUPS, &wide);
        add_missing(&draft->groups, &wide);
    }
    draft->wants_shares =
        draft->wants_shares || (version >= VERSION_TLS13 && !draft->base->hello.has_key_share);
}

// need_groups brings along what an added elliptic suite can't do without: a hello that had none of
// them may name no groups at all (RFC 8422 section 4).
static void need_groups(struct draft *draft, const struct number_list *added)
{
    struct number_list wide;
    for (size_t i = 0; i < added->count && draft->groups.count == 0; i++) {
        const struct suite *suite = suite_find(added->items[i]);
        if (suite != NULL && suite->kx == KX_ECDHE) {
            wide_list(LIST_GROUPS, &wide);
            add_missing(&draft->groups, &wide);
        }
    }
}

static struct number_list *draft_list(struct draft *draft, enum list_kind kind)
{
    switch (kind) {
    case LIST_VERSIONS:
        return &draft->versions;
    case LIST_SUITES:
        return &draft->suites;
    case LIST_GROUPS:
        return &draft->groups;
    case LIST_SCHEMES:
        break;
    }
    return &draft->schemes;
}

static void add_to(struct draft *draft, enum list_kind kind, const struct number_list *more)
{
    struct number_list missing;
    list_minus(more, draft_list(draft, kind), &missing);
    add_missing(draft_list(draft, kind), more);
    for (size_t i = 0; kind == LIST_VERSIONS && i < missing.count; i++) {
        need_version(draft, missing.items[i]);
    }
    if (kind == LIST_SUITES) {
        need_groups(draft, &missing);
    }
    draft->wants_shares = draft->wants_shares || kind == LIST_GROUPS;
}

static void sort_versions(struct number_list *versions)
{
    struct number_list sorted = {0};
    for (uint16_t version = VERSION_TLS13; version >= VERSION_SSL30; version--) {
        if (number_list_has(versions, version)) {
            (void)number_list_add(&sorted, version); // five at most
        }
    }
    *versions = sorted;
}

static void drop_numbers(struct number_list *list, bool (*drops)(uint16_t number))
{
    struct number_list kept = {0};
    for (size_t i = 0; i < list->count; i++) {
        if (!drops(list->items[i])) {
            (void)number_list_add(&kept, list->items[i]); // never more than there were
        }
    }
    *list = kept;
}

static bool is_tls13(uint16_t version)
{
    return version >= VERSION_TLS13;
}

// narrow takes back out of the wide lists what the change is to do without.
static void narrow(struct draft *draft)
{
    const struct change *change = draft->change;
    struct number_list versions = {0}, suites = {0}, schemes = {0};
    for (size_t i = 0; i < draft->versions.count; i++) {
        if (change->capped_at == 0 || draft->versions.items[i] <= change->capped_at) {
            (void)number_list_add(&versions, draft->versions.items[i]); // as many as there were
        }
    }
    enum suite_auth other = change->only_key == KEY_RSA ? AUTH_ECDSA : AUTH_RSA;
    for (size_t i = 0; i < draft->suites.count; i++) {
        const struct suite *suite = suite_find(draft->suites.items[i]);
        if (change->only_key == 0 || suite == NULL || suite->auth != other) {
            (void)number_list_add(&suites, draft->suites.items[i]); // as above
        }
    }
    for (size_t i = 0; i < draft->schemes.count; i++) {
        const struct scheme *scheme = scheme_find(draft->schemes.items[i]);
        if (change->only_key == 0 || scheme == NULL || scheme->key != other) {
            (void)number_list_add(&schemes, draft->schemes.items[i]); // as above
        }
    }
    // RFC 5246 section 7.4.1.4.1: a client of older versions names no schemes.
    bool is_old = change->capped_at != 0 && change->capped_at < VERSION_TLS12;
    draft->versions = versions;
    draft->suites = suites;
    draft->schemes = is_old ? (struct number_list){0} : schemes;
}

static void cap(struct draft *draft)
{
    drop_numbers(&draft->versions, is_tls13);
    if (draft->versions.count == 0) {
        (void)number_list_add(&draft->versions, VERSION_TLS12); // the first
        need_version(draft, VERSION_TLS12);
    }
    drop_numbers(&draft->suites, is_grease);
    drop_numbers(&draft->groups, is_grease);
    drop_numbers(&draft->schemes, is_grease);
}

static void cut(struct number_list *list, uint16_t count_max)
{
    while (list->count > count_max) {
        list->items[--list->count] = 0;
    }
}

#define COMPACT_SUITES  14
#define COMPACT_GROUPS  4
#define COMPACT_SCHEMES 8

static void compact(struct draft *draft)
{
    drop_numbers(&draft->suites, is_grease);
    drop_numbers(&draft->groups, is_grease);
    drop_numbers(&draft->schemes, is_grease);
    cut(&draft->suites, COMPACT_SUITES);
    cut(&draft->groups, COMPACT_GROUPS);
    cut(&draft->schemes, COMPACT_SCHEMES);
    draft->wants_shares = true;
}

static void read_lists(struct draft *draft)
{
    const struct client_hello *hello = &draft->base->hello;
    draft->versions = draft->base->offered.versions;
    (void)number_list_read(&draft->suites,
                           hello->cipher_suites);            // past the limit: none has so many
    (void)number_list_read(&draft->groups, hello->groups);   // as above
    (void)number_list_read(&draft->schemes, hello->schemes); // as above
}

void draft_apply(struct draft *draft)
{
    read_lists(draft);
    const struct change *change = draft->change;
    struct number_list more = {0};
    switch (change->kind) {
    case CHANGE_WIDEN:
        for (enum list_kind kind = LIST_VERSIONS; kind <= LIST_SCHEMES; kind++) {
            if ((change->lists & WIDEN(kind)) != 0) {
                wide_list(kind, &more);
                add_to(draft, kind, &more);
            }
        }
        narrow(draft);
        break;
    case CHANGE_ADD:
        (void)number_list_add(&more, change->number); // the first
        add_to(draft, change->list, &more);
        break;
    case CHANGE_COMPACT:
        compact(draft);
        break;
    case CHANGE_CAP:
        cap(draft);
        break;
    case CHANGE_NOTHING:
    case CHANGE_EMS:
    case CHANGE_BLAME:
    case CHANGE_SNI:
    case CHANGE_ALPN:
    case CHANGE_RECORD:
        break;
    }
    if (change->is_tls12) {
        cap(draft);
    }
    sort_versions(&draft->versions);
}
