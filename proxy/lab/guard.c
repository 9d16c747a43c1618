#include "guard.h"

#include <stdlib.h>
#include <string.h>

#include "scenario.h"

#define CLOCK_OFF_MS_MAX (5 * 60 * 1000)

// ---- the bridge

static bool passes_more(const struct lab_case *from, const struct lab_case *to)
{
    return to->bridge.passes && !from->bridge.passes;
}

static bool has_other_edge(const struct lab_case *from, const struct lab_case *to)
{
    return strcmp(from->bridge.edge, to->bridge.edge) != 0;
}

// What the client wants to reach.
static const char *site_of(const struct lab_case *lab_case)
{
    const char *target = lab_case->clients[0].target;
    return target[0] != '\0' ? target : lab_case->origin.sites[0].name;
}

// A name that the bridge says or verifies, and that is neither the client's nor was there before.
static bool asks_elsewhere(const struct lab_case *from, const struct lab_case *to)
{
    const struct leg_policy *was = &from->bridge.legs[SERVER], *is = &to->bridge.legs[SERVER];
    const char *site = site_of(to);
    bool says =
        is->sni == SNI_NAME && (was->sni != SNI_NAME || strcmp(is->sni_name, was->sni_name) != 0);
    bool verifies = is->verify_name[0] != '\0' && strcmp(is->verify_name, was->verify_name) != 0;
    return (says && strcmp(is->sni_name, site) != 0) ||
           (verifies && strcmp(is->verify_name, site) != 0);
}

// ---- the clients

static bool trusts_others(const struct lab_case *from, const struct lab_case *to)
{
    return from->clients[0].trust != to->clients[0].trust;
}

static bool has_other_target(const struct lab_case *from, const struct lab_case *to)
{
    return strcmp(from->clients[0].target, to->clients[0].target) != 0;
}

static bool says_other_name(const struct lab_case *from, const struct lab_case *to)
{
    return strcmp(from->clients[0].name, to->clients[0].name) != 0;
}

static bool has_other_host(const struct lab_case *from, const struct lab_case *to)
{
    return strcmp(from->clients[0].host, to->clients[0].host) != 0;
}

static bool verifies_other_name(const struct lab_case *from, const struct lab_case *to)
{
    return strcmp(from->clients[0].verify_name, to->clients[0].verify_name) != 0;
}

static bool insists_less(const struct lab_case *from, const struct lab_case *to)
{
    const struct lab_client *was = &from->clients[0], *is = &to->clients[0];
    return (was->pins && !is->pins) || (was->wants_close_notify && !is->wants_close_notify) ||
           (was->wants_must_staple && !is->wants_must_staple);
}

static bool is_another(const struct lab_case *from, const struct lab_case *to)
{
    const struct lab_client *was = &from->clients[0], *is = &to->clients[0];
    return strcmp(was->preset, is->preset) != 0 || was->is_raw != is->is_raw ||
           was->greases != is->greases || was->resumes != is->resumes ||
           was->visits != is->visits || was->lacks_ems != is->lacks_ems;
}

// Both are copies of one: equal ones are equal under memcmp, the policy's included.
static bool has_other_second(const struct lab_case *from, const struct lab_case *to)
{
    return from->client_count > 1 &&
           memcmp(&from->clients[1], &to->clients[1], sizeof(from->clients[1])) != 0;
}

// ---- the origin, and what stands before it

static bool asks_less(const struct lab_case *from, const struct lab_case *to)
{
    const struct origin *was = &from->origin, *is = &to->origin;
    return (was->checks_host && !is->checks_host) ||
           is->policy.client_auth < was->policy.client_auth ||
           is->no_certificate_status != was->no_certificate_status ||
           is->bad_certificate_status != was->bad_certificate_status;
}

static bool misbehaves_otherwise(const struct lab_case *from, const struct lab_case *to)
{
    return from->origin.quirk.kind != to->origin.quirk.kind ||
           from->origin.quirk.limit != to->origin.quirk.limit;
}

static bool trusts_interceptor(const struct lab_case *from, const struct lab_case *to)
{
    return to->box.is_there && to->box.is_trusted && !from->box.is_trusted;
}

// The same chain, and somebody now trusts it. Recipes are copies of rows without padding that
// differs.
static bool trusts_what_is_shown(const struct lab_case *from, const struct lab_case *to)
{
    struct lab_recipe was = from->origin.sites[0].recipe;
    const struct lab_recipe *is = &to->origin.sites[0].recipe;
    if (was.trust == is->trust) {
        return false;
    }
    was.trust = is->trust;
    return memcmp(&was, is, sizeof(was)) == 0;
}

// ---- the clocks

static bool is_wrong(const struct leg_policy *policy)
{
    return llabs(policy->clock_offset_ms) > CLOCK_OFF_MS_MAX;
}

static bool has_wrong_clock(const struct lab_case *from, const struct lab_case *to)
{
    (void)from; // a clock that stays wrong is no better than one that becomes so
    return is_wrong(&to->clients[0].policy) || is_wrong(&to->bridge.legs[CLIENT]) ||
           is_wrong(&to->bridge.legs[SERVER]);
}

typedef bool (*gives_up_fn)(const struct lab_case *from, const struct lab_case *to);

static const struct row {
    const char *word;
    gives_up_fn gives_up;
    const char *text;
} rows[] = {
#define XX(name, word, function, text) [GUARD_##name] = {#word, function, text},
    GUARD_MAP(XX)
#undef XX
};

const char *guard_word(enum guard guard)
{
    return rows[guard].word;
}

const char *guard_breach(const struct scenario *scenario, const struct lab_case *mended)
{
    const struct lab_case *broken = &scenario->broken;
    for (size_t i = 0; i < GUARDS; i++) {
        bool is_allowed =
            (scenario->accepts & 1u << i) != 0 || rows[i].gives_up(broken, &scenario->mended);
        if (!is_allowed && rows[i].gives_up(broken, mended)) {
            return rows[i].text;
        }
    }
    return NULL;
}
