#include "live_server.h"

#include <stdlib.h>
#include <string.h>

#include "preset_hello.h"
#include "probe_run.h"
#include "probe_view.h"
#include "quote.h"
#include "survey_terms.h"

#define PORT_DEFAULT 443

struct live_server {
    struct endpoint host;
    struct probe_request request;
    struct probe_report *report;
    struct survey_terms made;
};

static bool is_preset(const char *text)
{
    for (size_t i = 0; preset_edge_name(i) != NULL; i++) {
        if (strcmp(preset_edge_name(i), text) == 0) {
            return true;
        }
    }
    return false;
}

bool live_server_named(const char *text, struct endpoint *out_host)
{
    bool looks_so = strpbrk(text, ".:") != NULL || strcmp(text, "localhost") == 0;
    if (!looks_so || strpbrk(text, "=/") != NULL || preset_is_file(text) || is_preset(text)) {
        return false;
    }
    return endpoint_parse(slice_of_text(text), PORT_DEFAULT, "server", out_host, NULL);
}

static void live_server_free(struct live_server *server)
{
    if (server != NULL) {
        probe_free(server->report);
        free(server);
    }
}

void live_servers_clear(struct live_servers *servers)
{
    for (size_t i = 0; i < servers->count; i++) {
        live_server_free(servers->items[i]);
    }
    *servers = (struct live_servers){0};
}

// explain says why nothing is known of the server.
static bool explain(const struct live_server *server, const char *text, struct error *error)
{
    const struct probe_report *report = server->report;
    const char *said = report->said != NULL ? report->said : "it accepts no version";
    bool is_unknown = report->cause != NULL && strcmp(report->cause, "transport.dns") == 0;
    return error_set(error, ERROR_NETWORK, "server '%s': %s%s%s%s", quote_text(text).text,
                     report->cause != NULL ? report->cause : "", report->cause != NULL ? ": " : "",
                     said, is_unknown ? "; no preset has that name either" : "");
}

static bool ask(struct live_server *server, const char *text, struct error *error)
{
    server->request = (struct probe_request){.target = server->host, .dialled = server->host};
    server->request.sni = server->host.is_ip ? NULL : server->host.host;
    server->request.verify_name = server->host.host;
    struct trust_store *trust = trust_store_new(NULL, NULL, error);
    if (trust == NULL) {
        return false;
    }
    server->report = probe_run(&server->request, trust, error);
    trust_store_free(trust);
    if (server->report == NULL) {
        return false;
    }
    if (!server->report->is_surveyed) {
        return explain(server, text, error);
    }
    survey_terms_make(&server->report->survey, &server->made);
    return true;
}

static const struct live_server *find(const struct live_servers *servers,
                                      const struct endpoint *host)
{
    for (size_t i = 0; i < servers->count; i++) {
        const struct endpoint *other = &servers->items[i]->host;
        if (other->port == host->port && strcmp(other->host, host->host) == 0) {
            return servers->items[i];
        }
    }
    return NULL;
}

const struct server_terms *live_servers_ask(struct live_servers *servers, const char *text,
                                            size_t *out_dials, struct error *error)
{
    struct endpoint host;
    if (!endpoint_parse(slice_of_text(text), PORT_DEFAULT, "server", &host, error)) {
        return NULL;
    }
    const struct live_server *known = find(servers, &host);
    if (known == NULL) {
        if (servers->count == LIVE_SERVERS_MAX) {
            (void)error_set(error, ERROR_CONFIG, "server '%s': more than %d hosts",
                            quote_text(text).text, LIVE_SERVERS_MAX);
            return NULL;
        }
        struct live_server *server = calloc(1, sizeof(*server));
        if (server == NULL) {
            (void)error_set(error, ERROR_MEMORY, "out of memory");
            return NULL;
        }
        server->host = host;
        if (!ask(server, text, error)) {
            live_server_free(server);
            return NULL;
        }
        servers->items[servers->count++] = server;
        known = server;
    }
    *out_dials = known->report->survey.dial_count;
    return &known->made.terms;
}
