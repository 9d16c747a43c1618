#include "own_fault.h"

#include <string.h>

#include "predict.h"

// What an origin whose own settings contradict one another has to mend.
#define OWN_FAULT_FIX                                                                              \
    "Mend the settings of %s: its certificates, cipher suites and signature schemes must fit one " \
    "another with TLS 1.2 and TLS 1.3 (ecdsa_secp256r1_sha256 for an ECDSA certificate, "          \
    "rsa_pss_rsae_sha256 for an RSA one, ECDHE with AES-GCM)."

void own_fault_say(struct judge *judge, const struct trial *trial, struct verdict *out)
{
    const struct change *change = &trial->change;
    if (change->only_key != 0) {
        bool is_rsa = change->only_key == KEY_RSA;
        verdict_say(judge, out,
                    "%s chooses what it cannot sign for: it takes a hello for %s certificates "
                    "only, and fails when %s ones are offered as well",
                    judge->origin, is_rsa ? "RSA" : "ECDSA", is_rsa ? "ECDSA" : "RSA");
    } else {
        verdict_say(judge, out,
                    "%s chooses a version that it cannot do: it fails whatever is offered with it, "
                    "and takes %s when nothing above %s is offered",
                    judge->origin, version_name(trial->outcome.version),
                    version_name(change->capped_at));
    }
    verdict_fix(judge, out, OWN_FAULT_FIX, judge->origin);
}

// is_about_lists is true if the verdict is about what was offered: then the party is the search's
// to tell. Alerts that say another thing (access denied) keep theirs.
static bool is_about_lists(const struct verdict *verdict)
{
    static const char *const prefixes[] = {"protocol.", "cipher.", "group.", "sigalg.", "alpn."};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        if (strncmp(verdict->cause->code, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

bool own_fault_say_hopeless(struct plan *plan, struct verdict *verdict)
{
    struct judge *judge = &plan->judge;
    if (!plan_is_hopeless(plan) || !is_about_lists(verdict)) {
        return false;
    }
    verdict->party = PARTY_SERVER;
    verdict_fact(judge, verdict,
                 "%s refuses every hello: all versions, cipher suites, groups and signature "
                 "schemes at once, those for one kind of certificate, those of older versions",
                 judge->origin);
    verdict_fix(judge, verdict, OWN_FAULT_FIX, judge->origin);
    return true;
}
