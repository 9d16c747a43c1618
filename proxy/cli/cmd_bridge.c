// midspan bridge: a fixed-target SSL bridge, as an edge device is one.
#include "command.h"
#include "serving.h"

static bool build(const struct invocation *invocation, void *user, struct settings *out_settings,
                  struct error *error)
{
    (void)user;
    if (!options_settings(invocation, out_settings, error)) {
        return false;
    }
    struct endpoint listen, target;
    if (!endpoint_parse(slice_of_text(invocation->operands[0]), 0, "LISTEN", &listen, error) ||
        !endpoint_parse(slice_of_text(invocation->operands[1]), 443, "TARGET", &target, error)) {
        return false;
    }
    out_settings->listen[0] = listen;
    out_settings->listen_count = 1;
    out_settings->target = target;
    out_settings->has_target = true;
    return settings_check(out_settings, error);
}

static int run_bridge(const struct invocation *invocation)
{
    if (invocation->operand_count != 2 || invocation->rest != NULL) {
        report("bridge: expected LISTEN and TARGET, e.g. midspan bridge 127.0.0.1:8443 "
               "app.internal:443");
        return OUTCOME_USAGE;
    }
    if (option_is_given(invocation, "listen")) {
        report("--listen: not with bridge, LISTEN names the address");
        return OUTCOME_USAGE;
    }
    return serve(invocation, build, NULL, NULL);
}

const struct command cmd_bridge = {
    .name = "bridge",
    .usage = "[OPTIONS] LISTEN TARGET",
    .summary = "a bridge in front of one server, as an edge device is one",
    .about = "Listens at LISTEN (HOST:PORT) and takes every connection to TARGET\n"
             "(HOST[:PORT], port 443 by default): TLS with the client, TLS with the target,\n"
             "a policy for each leg.\n"
             "\n"
             "  midspan bridge 127.0.0.1:8443 app.internal\n"
             "  midspan bridge 127.0.0.1:8443 app.internal:443 --order client-first \\\n"
             "      --on-failure reset --server-leg max=TLS1.2,sni=none\n"
             "\n"
             "Signals are as with proxy. LISTEN and TARGET win over --config.\n",
    .takes_settings = true,
    .run = run_bridge,
};
