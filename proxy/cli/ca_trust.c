#include "ca_trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "nss.h"
#include "report.h"
#include "terminal.h"
#include "trust_place.h"

enum plan {
    INSTALL,
    UNINSTALL
};

// Neither --system nor --nss: both.
static struct trust_places *find_places(const struct invocation *invocation,
                                        const struct authority *ca)
{
    bool system = option_is_given(invocation, "system");
    bool nss = option_is_given(invocation, "nss");
    struct trust_places *places = calloc(1, sizeof(*places));
    if (places == NULL) {
        report("out of memory");
        return NULL;
    }
    trust_places_find(ca, system || !nss, nss || !system, places);
    if (places->left_out > 0) {
        report("%zu more browser profiles are left out: %d places are the limit", places->left_out,
               TRUST_PLACES_MAX);
    }
    return places;
}

// Why this place can't be changed by us now; NULL: it can.
static const char *obstacle(const struct trust_place *place)
{
    if (place->is_system) {
        return geteuid() == 0 ? NULL : "needs root";
    }
    return nss_has_tool() ? NULL : NSS_TOOL_HINT;
}

static void print_place(const struct trust_place *place, const char *state)
{
    (void)printf("  %-9s %-14s %s\n", place->owner, state, place->path);
    (void)fflush(stdout); // in order with what goes to standard error
}

// The command that does for the system's store what we may not.
static void hint_sudo(const struct authority *ca, enum plan plan)
{
    char program[FILE_PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    program[len > 0 ? len : 0] = '\0';
    (void)printf("for the system's store: sudo %s ca %s --system --yes --ca-dir '%s'\n",
                 len > 0 ? program : "midspan", plan == INSTALL ? "install" : "uninstall",
                 ca->folder);
}

static bool is_agreed(const struct invocation *invocation, enum plan plan, int *out_code)
{
    if (option_is_given(invocation, "yes")) {
        return true;
    }
    *out_code = OUTCOME_USAGE;
    if (!terminal_can_ask()) {
        report("nothing changed: no terminal to ask on, expected --yes");
        return false;
    }
    *out_code = OUTCOME_FAILS;
    if (!terminal_ask(plan == INSTALL ? "Trust it there?" : "Take it out there?")) {
        report("nothing changed");
        return false;
    }
    return true;
}

static bool change_place(const struct trust_place *place, const struct authority *ca,
                         enum plan plan)
{
    struct error error;
    enum trust_change change = plan == INSTALL ? trust_place_add(place, ca, &error)
                                               : trust_place_remove(place, ca, &error);
    switch (change) {
    case TRUST_CHANGED:
        print_place(place, plan == INSTALL ? "added" : "removed");
        return true;
    case TRUST_UNCHANGED:
        print_place(place, plan == INSTALL ? "already there" : "was not there");
        return true;
    case TRUST_FAILED:
        print_place(place, "failed");
        report("%s: %s", place->path, error.text);
        return false;
    }
    return false;
}

static int change_places(const struct trust_places *places, const struct authority *ca,
                         enum plan plan)
{
    int code = OUTCOME_FINE;
    for (size_t i = 0; i < places->count; i++) {
        const struct trust_place *place = &places->items[i];
        if (obstacle(place) != NULL) {
            print_place(place, "skipped");
            report("%s: %s", place->path, obstacle(place));
            code = OUTCOME_FAILS;
        } else if (!change_place(place, ca, plan)) {
            code = OUTCOME_FAILS;
        }
    }
    return code;
}

static int run_plan(const struct invocation *invocation, const struct authority *ca, enum plan plan)
{
    struct trust_places *places = find_places(invocation, ca);
    if (places == NULL) {
        return OUTCOME_OURS;
    }
    int code = OUTCOME_FAILS;
    bool needs_root = false;
    char fingerprint[96];
    if (places->count == 0) {
        report("no store found here: neither update-ca-certificates nor a browser's");
    } else {
        (void)printf("%s\nSHA-256 %s\n%s:\n", ca->folder, authority_fingerprint(ca, fingerprint),
                     plan == INSTALL ? "will be trusted by" : "will no longer be trusted by");
        for (size_t i = 0; i < places->count; i++) {
            bool is_free = obstacle(&places->items[i]) == NULL;
            needs_root = needs_root || (places->items[i].is_system && !is_free);
            print_place(&places->items[i], is_free ? "" : "(can't)");
        }
        if (is_agreed(invocation, plan, &code)) {
            code = change_places(places, ca, plan);
        }
    }
    if (needs_root) {
        hint_sudo(ca, plan);
    }
    free(places);
    return code;
}

int ca_install(const struct invocation *invocation, const struct authority *ca)
{
    int code = run_plan(invocation, ca, INSTALL);
    if (code == OUTCOME_FINE) {
        (void)printf("A browser that is running sees it when it is started again.\n");
    }
    return code;
}

int ca_uninstall(const struct invocation *invocation, const struct authority *ca)
{
    return run_plan(invocation, ca, UNINSTALL);
}

int ca_status(const struct invocation *invocation, const struct authority *ca)
{
    struct trust_places *places = find_places(invocation, ca);
    if (places == NULL) {
        return OUTCOME_OURS;
    }
    int code = OUTCOME_FINE;
    for (size_t i = 0; i < places->count; i++) {
        struct error error;
        switch (trust_place_state(&places->items[i], ca, &error)) {
        case TRUST_YES:
            print_place(&places->items[i], "trusted");
            break;
        case TRUST_NO:
            print_place(&places->items[i], "not trusted");
            code = OUTCOME_FAILS;
            break;
        case TRUST_UNKNOWN:
            print_place(&places->items[i], "unknown");
            report("%s: %s", places->items[i].path, error.text);
            code = OUTCOME_FAILS;
            break;
        }
    }
    if (places->count == 0) {
        report("no store found here: neither update-ca-certificates nor a browser's");
        code = OUTCOME_FAILS;
    }
    free(places);
    return code;
}
