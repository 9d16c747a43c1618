// midspan probe: what a server accepts.
#include <string.h>

#include "command.h"
#include "probe_run.h"

static const struct option_key options[] = {
    {.name = "sni", .value = "NAME|none", .help = "send this server name (default: HOST)"},
    {.name = "connect", .value = "HOST:PORT", .help = "dial here instead"},
    {.name = "via", .value = "http://HOST:PORT", .help = "reach it through this HTTP proxy"},
    {.name = "ca", .value = "FILE", .help = "trust these (PEM), not the system's"},
    {.name = "json", .help = "print JSON"},
    {.name = NULL},
};

#define PORT_DEFAULT     443
#define VIA_PORT_DEFAULT 8080

static bool read_via(const struct invocation *invocation, struct probe_request *request,
                     struct error *error)
{
    const char *text = option_value(invocation, "via");
    struct slice rest = slice_of_text(text);
    if (text == NULL) {
        return true;
    }
    if (!slice_starts_with(rest, "http://")) {
        return error_set(error, ERROR_USAGE, "--via: '%.200s', expected http://HOST:PORT", text);
    }
    rest = slice_part(rest, 7, rest.len);
    if (rest.len > 0 && rest.data[rest.len - 1] == '/') {
        rest.len--;
    }
    request->has_via = true;
    return endpoint_parse(rest, VIA_PORT_DEFAULT, "--via", &request->via, error);
}

static bool read_sni(const struct invocation *invocation, struct probe_request *request,
                     struct error *error)
{
    const char *name = option_value(invocation, "sni");
    struct endpoint checked;
    request->sni = request->target.is_ip ? NULL : request->target.host;
    request->verify_name = request->target.host;
    if (name == NULL) {
        return true;
    }
    if (strcmp(name, "none") == 0) {
        request->sni = NULL;
        return true;
    }
    if (!endpoint_set_host(&checked, slice_of_text(name)) || checked.is_ip) {
        return error_set(error, ERROR_USAGE, "--sni: '%.200s', expected a host name or none", name);
    }
    request->sni = request->verify_name = name;
    return true;
}

static bool read_request(const struct invocation *invocation, struct probe_request *out_request,
                         struct error *error)
{
    struct probe_request *request = out_request;
    const char *connect = option_value(invocation, "connect");
    if (invocation->operand_count != 1) {
        return error_set(error, ERROR_USAGE, "%s, expected: midspan probe %s",
                         invocation->operand_count == 0 ? "no HOST" : "more than one HOST",
                         invocation->command->usage);
    }
    if (!endpoint_parse(slice_of_text(invocation->operands[0]), PORT_DEFAULT, "HOST",
                        &request->target, error)) {
        return false;
    }
    request->dialled = request->target;
    if (connect != NULL && !endpoint_parse(slice_of_text(connect), request->target.port,
                                           "--connect", &request->dialled, error)) {
        return false;
    }
    return read_via(invocation, request, error) && read_sni(invocation, request, error);
}

static int run_probe(const struct invocation *invocation)
{
    struct probe_request request = {0};
    struct error error;
    if (!read_request(invocation, &request, &error)) {
        return (int)report_error(&error);
    }
    struct trust_store *trust = trust_store_new(option_value(invocation, "ca"), NULL, &error);
    if (trust == NULL) {
        (void)report_error(&error);
        return option_is_given(invocation, "ca") ? OUTCOME_USAGE : OUTCOME_OURS;
    }
    struct probe_report *report = probe_run(&request, trust, &error);
    int code = OUTCOME_OURS;
    if (report == NULL) {
        (void)report_error(&error);
    } else {
        code = probe_print(report, option_is_given(invocation, "json"),
                           probe_did_survey(report) ? OUTCOME_FINE : OUTCOME_FAILS);
    }
    probe_free(report);
    trust_store_free(trust);
    return code;
}

const struct command cmd_probe = {
    .name = "probe",
    .usage = "HOST[:PORT] [OPTIONS]",
    .summary = "what a server accepts: versions, suites, groups, names, chain",
    .about = "Asks a server, by handshakes alone, for the versions it accepts (SSL 3.0 to\n"
             "TLS 1.3), its cipher suites in its own order, groups, signature schemes, ALPN,\n"
             "what it makes of a name it does not know or of none, and its certificates.\n"
             "Port 443 by default. At most 300 dials, four at once, 20 seconds. Ask only\n"
             "servers that you may ask.\n"
             "\n"
             "Exit code 0: surveyed; 1: not reachable, not TLS, or every version refused; 2:\n"
             "wrong use.\n",
    .options = options,
    .run = run_probe,
};
