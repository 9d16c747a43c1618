#include "wrapped.h"

#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "lab_way.h"
#include "report.h"

static bool build(const struct wrapped *wrapped, const struct invocation *invocation,
                  struct settings *out_settings, struct error *error)
{
    if (!options_settings(invocation, out_settings, error)) {
        return false;
    }
    // The config's port is that of a proxy that may be running now.
    if (!option_is_given(invocation, "listen")) {
        struct endpoint free_port = {.host = "127.0.0.1", .is_ip = true};
        out_settings->listen[0] = free_port;
        out_settings->listen_count = 1;
    }
    return (wrapped->lab.origins == NULL || lab_hosts_tell(&wrapped->lab, out_settings, error)) &&
           settings_check(out_settings, error);
}

static bool open_lab(struct wrapped *wrapped, const struct invocation *invocation,
                     struct error *error)
{
    return !option_is_given(invocation, "lab") ||
           (scenario_list_open(&wrapped->scenarios, error) &&
            lab_way_open(&wrapped->lab, &wrapped->scenarios, error));
}

// An address that means "any" is no address to go to.
static struct endpoint reachable(const struct endpoint *endpoint)
{
    struct endpoint result = *endpoint;
    const char *host = result.host;
    if (strcmp(host, "0.0.0.0") == 0) {
        (void)endpoint_set_host(&result, slice_of_text("127.0.0.1")); // a valid host
    } else if (strcmp(host, "::") == 0) {
        (void)endpoint_set_host(&result, slice_of_text("::1"));
    }
    return result;
}

bool wrapped_open(struct wrapped *wrapped, const struct invocation *invocation, bool verbose,
                  struct error *error)
{
    *wrapped = (struct wrapped){0};
    child_hold_signals(); // from here on there is something to remove
    struct settings *settings = calloc(1, sizeof(*settings));
    if (settings == NULL) {
        return error_set(error, ERROR_MEMORY, "out of memory");
    }
    bool is_open =
        open_lab(wrapped, invocation, error) && build(wrapped, invocation, settings, error);
    settings->quiet = settings->quiet || !verbose;
    is_open = is_open && scratch_make(&wrapped->scratch, error) &&
              session_open(&wrapped->session, settings, true, error);
    free(settings);
    if (is_open) {
        wrapped->proxy = reachable(proxy_endpoint(wrapped->session.proxy, 0));
    } else {
        wrapped_close(wrapped);
    }
    return is_open;
}

void wrapped_close(struct wrapped *wrapped)
{
    session_close(&wrapped->session, WRAPPED_GRACE_MS);
    lab_hosts_close(&wrapped->lab);
    scenario_list_clear(&wrapped->scenarios);
    struct error error;
    if (!scratch_remove(&wrapped->scratch, &error)) {
        report("%s", error.text);
    }
}
