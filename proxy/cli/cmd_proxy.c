// midspan proxy: the forward proxy, and what `midspan` alone does.
#include "command.h"
#include "serving.h"

static bool build(const struct invocation *invocation, void *user, struct settings *out_settings,
                  struct error *error)
{
    (void)user;
    return options_settings(invocation, out_settings, error) && settings_check(out_settings, error);
}

static int run_proxy(const struct invocation *invocation)
{
    const char *extra = invocation->operand_count > 0 ? invocation->operands[0] : NULL;
    if (invocation->rest != NULL) {
        extra = invocation->rest[0];
    }
    if (extra != NULL) {
        report("unexpected '%.128s', proxy takes options only; see 'midspan help proxy'", extra);
        return OUTCOME_USAGE;
    }
    return serve(invocation, build, NULL, NULL);
}

const struct command cmd_proxy = {
    .name = "proxy",
    .usage = "[OPTIONS]",
    .summary = "a proxy for any client, on 127.0.0.1:8080 (the default command)",
    .about = "Listens for HTTP proxy requests (CONNECT and plain), SOCKS5, and the same\n"
             "inside TLS, all on one port, and opens TLS in the middle.\n"
             "http://midspan.test/, asked through the proxy, hands out the authority with\n"
             "one line of instructions for each client.\n"
             "\n"
             "  midspan\n"
             "  midspan --listen 127.0.0.1:3128 --log events.jsonl\n"
             "  midspan --server-leg max=TLS1.2 --pass '*.bank.example'\n"
             "\n"
             "SIGINT and SIGTERM let open connections end for 5 seconds; a second one stops\n"
             "at once. SIGHUP reads --config again for new connections; listeners stay as\n"
             "they are.\n",
    .takes_settings = true,
    .run = run_proxy,
};
