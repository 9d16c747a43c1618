// What a fix has to leave as it is: who cheats gets an answer without mending anything, by taking
// away what the exercise is about. A fix that changes one of these is none, unless the scenario's
// own fix changes it too, or accepts it. Pure.
#pragma once

#include <stdbool.h>

struct lab_case;
struct scenario;

// name, its word in `accepts`, the function of guard.c that finds it, what is said when it is the
// reason that all works.
// clang-format off
#define GUARD_MAP(XX) \
    XX(PASS, pass, passes_more, "it works because the bridge no longer bridges: it passes the host untouched") \
    XX(EDGE, edge, has_other_edge, "it works because another device stands in the bridge's place") \
    XX(SITE, site, asks_elsewhere, "it works because the bridge asks for another site than the client, or verifies another name") \
    XX(TRUSTS, trusts, trusts_others, "it works because the client trusts others than before") \
    XX(TARGET, target, has_other_target, "it works because the client asks for another site") \
    XX(NAME, name, says_other_name, "it works because the client says another name than before") \
    XX(HOST, host, has_other_host, "it works because the client's request is for another host") \
    XX(VERIFY_NAME, verify-name, verifies_other_name, "it works because the client verifies another name") \
    XX(PINS, pins, insists_less, "it works because the client no longer insists on what it insisted on") \
    XX(CLIENT, other-client, is_another, "it works because another client does it now") \
    XX(SECOND, second-client, has_other_second, "it works, but the second client was changed, which had no fault") \
    XX(ASKS, origin-asks, asks_less, "it works because the origin no longer asks for what it asked for") \
    XX(QUIRK, quirk, misbehaves_otherwise, "it works because the origin was changed, which has no fault") \
    XX(INTERCEPTOR, interceptor, trusts_interceptor, "it works because an interceptor is trusted that nobody has vouched for") \
    XX(SHOWN, shown, trusts_what_is_shown, "it works because a certificate is trusted that was merely shown") \
    XX(CLOCK, clock, has_wrong_clock, "it works, but a clock is still wrong, or was set wrong")
// clang-format on

#define XX(name, word, function, text) GUARD_##name,
enum guard {
    GUARD_MAP(XX) GUARDS
};
#undef XX

// guard_word gives its word in a fix's `accepts`.
const char *guard_word(enum guard guard);

// guard_breach tells why a case that works is not mended; NULL: nothing was taken away.
const char *guard_breach(const struct scenario *scenario, const struct lab_case *mended);
