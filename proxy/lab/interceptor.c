#include "interceptor.h"

#include <stdio.h>
#include <stdlib.h>

#include "lab_chain.h"
#include "proxy.h"

#define DRAIN_MS 100

struct interceptor {
    struct authority authority;
    struct recorder *recorder; // without a sink
    struct proxy *proxy;
};

static bool settings_fill(const struct interceptor_spec *spec, struct settings *settings,
                          struct error *error)
{
    struct leg_policy *server = &settings->legs[SERVER];
    settings_default(settings);
    if (spec->edge != NULL && !settings_set(settings, "edge", spec->edge, error)) {
        return false;
    }
    if (!settings_set(settings, "listen", "127.0.0.1:0", error)) {
        return false;
    }
    settings->target = spec->target;
    settings->has_target = true;
    settings->workers = 1;
    settings->probe = false; // what it finds is not what the lab is about
    settings->on_failure = ON_FAILURE_ALERT;
    server->verify = spec->ca_file != NULL;
    (void)snprintf(server->ca_file, sizeof(server->ca_file), "%s",
                   spec->ca_file != NULL ? spec->ca_file : ""); // a longer path does not open
    return settings_check(settings, error);
}

struct interceptor *interceptor_start(const struct interceptor_spec *spec, uint16_t *out_port,
                                      struct error *error)
{
    struct interceptor *interceptor = calloc(1, sizeof(*interceptor));
    struct settings *settings = calloc(1, sizeof(*settings)); // too large for a stack
    if (interceptor == NULL || settings == NULL) {
        (void)error_set(error, ERROR_MEMORY, "out of memory for an interceptor"); // NULL says it
        free(settings);
        free(interceptor);
        return NULL;
    }
    bool is_started = settings_fill(spec, settings, error) &&
                      lab_authority_make(spec->subject, &interceptor->authority, error);
    if (is_started) {
        interceptor->recorder = recorder_new(NULL, 0, error);
        is_started = interceptor->recorder != NULL;
    }
    if (is_started) {
        interceptor->proxy =
            proxy_start(settings, &interceptor->authority, interceptor->recorder, NULL, error);
        is_started = interceptor->proxy != NULL;
    }
    free(settings);
    if (!is_started) {
        interceptor_free(interceptor);
        return NULL;
    }
    *out_port = proxy_endpoint(interceptor->proxy, 0)->port;
    return interceptor;
}

const struct authority *interceptor_authority(const struct interceptor *interceptor)
{
    return &interceptor->authority;
}

void interceptor_free(struct interceptor *interceptor)
{
    if (interceptor == NULL) {
        return;
    }
    if (interceptor->proxy != NULL) {
        proxy_drain(interceptor->proxy, DRAIN_MS);
        proxy_free(interceptor->proxy);
    }
    if (interceptor->recorder != NULL) {
        recorder_free(interceptor->recorder);
    }
    authority_clear(&interceptor->authority);
    free(interceptor);
}
