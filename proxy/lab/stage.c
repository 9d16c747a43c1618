#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"

#define REST_MS_MAX  8000
#define REST_STEP_NS (2 * 1000 * 1000)
#define DAY_SECONDS  (24 * 60 * 60L)

const char *stage_host(const struct stage *stage)
{
    return stage->lab_case->origin.sites[0].name;
}

static bool out_of_memory(struct error *error)
{
    return error_set(error, ERROR_MEMORY, "out of memory for the lab");
}

// ---- authorities and trust

// expire dates the authority back and signs it again.
static bool expire(struct authority *ca, struct error *error)
{
    X509 *own = ca->certificate;
    return (X509_gmtime_adj(X509_getm_notBefore(own), -400 * DAY_SECONDS) != NULL &&
            X509_gmtime_adj(X509_getm_notAfter(own), -30 * DAY_SECONDS) != NULL &&
            X509_sign(own, ca->key, EVP_sha256()) > 0) ||
           error_set(error, ERROR_CRYPTO, "cannot date the lab's authority back");
}

static bool make_authorities(struct stage *stage, struct error *error)
{
    return lab_authority_make("O=midspan lab/CN=midspan lab authority", &stage->ca, error) &&
           lab_authority_make("O=midspan lab/CN=nobody's authority", &stage->stranger, error) &&
           (!stage->lab_case->bridge.has_expired_authority || expire(&stage->ca, error));
}

static bool make_file(struct memory_file *file, const struct buffer *text, struct error *error)
{
    return memory_file_make(file, buffer_slice(text), error);
}

// What the bridge trusts on its server leg: what the chains want, and the box that is installed
// there. A store must not be empty: then it holds who signs nothing.
static bool make_bridge_trust(struct stage *stage, struct error *error)
{
    struct buffer text = {0};
    const struct lab_box *box = &stage->lab_case->box;
    bool is_ok = origins_trusted_pem(stage->origins, &text);
    if (stage->interceptor != NULL && box->is_trusted && box->on == SERVER) {
        is_ok = is_ok && authority_pem(interceptor_authority(stage->interceptor), &text);
    }
    if (text.len == 0) {
        is_ok = is_ok && authority_pem(&stage->stranger, &text);
    }
    is_ok = (is_ok || out_of_memory(error)) && make_file(&stage->bridge_trust, &text, error);
    buffer_clear(&text);
    return is_ok;
}

static bool make_crl(struct stage *stage, struct error *error)
{
    struct buffer text = {0};
    bool is_ok = origins_crl_pem(stage->origins, &text) || out_of_memory(error);
    is_ok = is_ok && (text.len == 0 || make_file(&stage->crl, &text, error));
    buffer_clear(&text);
    return is_ok;
}

// The lab's root: for clients without a bridge, and for who checks client certificates.
static bool make_root(struct stage *stage, struct error *error)
{
    struct authority root = {.certificate = lab_ca_root(origins_ca(stage->origins))};
    struct buffer text = {0};
    bool is_ok = authority_pem(&root, &text) || out_of_memory(error);
    is_ok = is_ok && make_file(&stage->client_roots, &text, error);
    buffer_clear(&text);
    return is_ok;
}

static bool wants_client_certificate(const struct lab_case *lab_case)
{
    bool wants = lab_case->bridge.has_certificate;
    for (size_t i = 0; i < lab_case->client_count; i++) {
        wants = wants || lab_case->clients[i].has_certificate;
    }
    return wants;
}

static bool make_client_certificate(struct stage *stage, struct error *error)
{
    struct lab_recipe recipe = {.for_client = true};
    struct lab_chain chain = {0};
    struct buffer text = {0}, key = {0};
    if (!wants_client_certificate(stage->lab_case)) {
        return true;
    }
    bool is_ok = lab_chain_make(origins_ca(stage->origins), &recipe, "client." LAB_DOMAIN, NULL,
                                &chain, error);
    is_ok = is_ok &&
            ((lab_chain_pem(&chain, &text) && lab_chain_key_pem(&chain, &key)) ||
             out_of_memory(error)) &&
            make_file(&stage->certificate, &text, error) && make_file(&stage->key, &key, error);
    lab_chain_clear(&chain);
    buffer_clear(&text);
    buffer_clear(&key);
    return is_ok;
}

struct trust_store *stage_trust(const struct stage *stage, enum lab_client_trust trust,
                                struct error *error)
{
    struct trust_store *store = NULL;
    switch (trust) {
    case LAB_CLIENT_TRUSTS_ORIGIN:
        return trust_store_new(stage->bridge_trust.path, NULL, error);
    case LAB_CLIENT_TRUSTS_BRIDGE:
        if (stage->interceptor != NULL && stage->lab_case->box.on == CLIENT &&
            stage->lab_case->box.is_trusted) {
            store = trust_store_only(interceptor_authority(stage->interceptor)->certificate);
        } else {
            store = trust_store_only(stage->ca.certificate);
        }
        break;
    case LAB_CLIENT_TRUSTS_NOBODY:
        store = trust_store_only(stage->stranger.certificate);
        break;
    }
    if (store == NULL) {
        (void)out_of_memory(error);
    }
    return store;
}

// ---- what stands behind the bridge

static bool wants_other_host(const struct lab_case *lab_case)
{
    bool wants = false;
    for (size_t i = 0; i < lab_case->client_count; i++) {
        wants = wants || lab_case->clients[i].pins;
    }
    return wants;
}

static bool open_origins(struct stage *stage, struct error *error)
{
    stage->origins = origins_new(error);
    if (stage->origins == NULL ||
        !origins_add(stage->origins, &stage->lab_case->origin, &stage->origin_port, error)) {
        return false;
    }
    if (!wants_other_host(stage->lab_case)) {
        return true;
    }
    struct origin *other = malloc(sizeof(*other));
    if (other == NULL) {
        return out_of_memory(error);
    }
    origin_init(other);
    bool is_ok = origin_site_add(other, STAGE_OTHER_HOST, error) != NULL &&
                 origins_add(stage->origins, other, &stage->other_port, error);
    free(other);
    return is_ok;
}

static struct endpoint loopback_at(uint16_t port)
{
    struct endpoint endpoint = {.host = "127.0.0.1", .port = port, .is_ip = true};
    return endpoint;
}

// open_box puts the box before `target`; *out_port is where it listens.
static bool open_box(struct stage *stage, uint16_t target, const char *ca_file, uint16_t *out_port,
                     struct error *error)
{
    const struct lab_box *box = &stage->lab_case->box;
    if (box->is_interceptor) {
        struct interceptor_spec spec = {
            .subject = box->subject,
            .target = loopback_at(target),
            .ca_file = ca_file,
            .edge = box->edge[0] != '\0' ? box->edge : NULL,
        };
        stage->interceptor = interceptor_start(&spec, out_port, error);
        return stage->interceptor != NULL;
    }
    struct box plain = box->box;
    plain.target = loopback_at(target);
    return origins_add_box(stage->origins, &plain, out_port, error);
}

static bool open_behind(struct stage *stage, struct error *error)
{
    const struct lab_box *box = &stage->lab_case->box;
    stage->way_port = stage->origin_port;
    if (!box->is_there || box->on != SERVER) {
        return true;
    }
    // The interceptor trusts what the lab's chains want; what the bridge trusts is made after it.
    struct buffer text = {0};
    struct memory_file trust = {0};
    bool is_ok = (origins_trusted_pem(stage->origins, &text) || out_of_memory(error)) &&
                 make_file(&trust, &text, error) &&
                 open_box(stage, stage->origin_port, text.len > 0 ? trust.path : NULL,
                          &stage->way_port, error);
    buffer_clear(&text);
    memory_file_clear(&trust); // read by now
    return is_ok;
}

// ---- the bridge

static void set_path(char out_path[POLICY_PATH_MAX], const struct memory_file *file)
{
    if (file->is_open && out_path[0] == '\0') {
        (void)snprintf(out_path, POLICY_PATH_MAX, "%s", file->path); // fits
    }
}

static void set_legs(const struct stage *stage, struct settings *settings)
{
    const struct lab_bridge *bridge = &stage->lab_case->bridge;
    for (enum side side = CLIENT; side < SIDES; side++) {
        settings->legs[side] = bridge->legs[side];
        settings->legs_said[side] = bridge->said[side];
    }
}

static void set_files(const struct stage *stage, struct settings *settings)
{
    struct leg_policy *client = &settings->legs[CLIENT], *server = &settings->legs[SERVER];
    set_path(server->ca_file, &stage->bridge_trust);
    set_path(server->crl_file, &stage->crl);
    set_path(client->ca_file, &stage->client_roots);
    if (stage->lab_case->bridge.has_certificate) {
        set_path(server->cert_file, &stage->certificate);
        set_path(server->key_file, &stage->key);
    }
}

static bool set_route(struct settings *settings, const char *pattern, uint16_t port,
                      struct error *error)
{
    char text[ENDPOINT_HOST_MAX + 32];
    (void)snprintf(text, sizeof(text), "%s=127.0.0.1:%u", pattern, port); // fits
    return settings_set(settings, "resolve", text, error);
}

static bool set_settings(const struct stage *stage, struct settings *settings, struct error *error)
{
    const struct lab_bridge *bridge = &stage->lab_case->bridge;
    settings_default(settings);
    set_legs(stage, settings);
    settings->has_order = bridge->has_order;
    settings->order = bridge->order;
    settings->has_on_failure = bridge->has_on_failure;
    settings->on_failure = bridge->on_failure;
    settings->workers = 1;
    settings->connect_timeout_ms = STAGE_CONNECT_MS;
    settings->handshake_timeout_ms = STAGE_HANDSHAKE_MS;
    settings->listen[0].port = 0;
    if (bridge->edge[0] != '\0' && !settings_set(settings, "edge", bridge->edge, error)) {
        return false;
    }
    set_files(stage, settings); // after the preset, which they are under no key of
    if (bridge->is_fixed || (stage->lab_case->box.is_there && stage->lab_case->box.on == CLIENT &&
                             stage->lab_case->box.is_interceptor)) {
        settings->has_target = true;
        settings->target.port = 443;
        (void)endpoint_set_host(&settings->target, slice_of_text(stage_host(stage))); // it is one
    }
    return (stage->other_port == 0 ||
            set_route(settings, STAGE_OTHER_HOST, stage->other_port, error)) &&
           set_route(settings, "*", stage->way_port, error) &&
           (!bridge->passes || settings_set(settings, "pass", stage_host(stage), error)) &&
           settings_check(settings, error);
}

static bool start_bridge(struct stage *stage, struct error *error)
{
    struct settings *settings = calloc(1, sizeof(*settings));
    if (settings == NULL) {
        return out_of_memory(error);
    }
    stage->watch = watch_new();
    struct sink sink = stage->watch != NULL ? watch_sink(stage->watch) : (struct sink){0};
    bool is_ok = stage->watch != NULL || out_of_memory(error);
    is_ok = is_ok && set_settings(stage, settings, error);
    if (is_ok) {
        stage->recorder = recorder_new(&sink, 1, error);
        is_ok = stage->recorder != NULL;
    }
    if (is_ok) {
        stage->proxy = proxy_start(settings, &stage->ca, stage->recorder, NULL, error);
        is_ok = stage->proxy != NULL;
    }
    free(settings);
    return is_ok;
}

// open_before puts the box between clients and bridge.
static bool open_before(struct stage *stage, struct error *error)
{
    const struct lab_box *box = &stage->lab_case->box;
    uint16_t port = proxy_endpoint(stage->proxy, 0)->port;
    stage->entry = loopback_at(port);
    if (!box->is_there || box->on != CLIENT) {
        return true;
    }
    struct buffer text = {0};
    bool is_ok = (authority_pem(&stage->ca, &text) || out_of_memory(error)) &&
                 make_file(&stage->bridge_ca, &text, error) &&
                 open_box(stage, port, stage->bridge_ca.path, &stage->entry.port, error);
    buffer_clear(&text);
    return is_ok;
}

bool stage_open(struct stage *stage, const struct lab_case *lab_case, struct error *error)
{
    *stage = (struct stage){.lab_case = lab_case};
    library_ask(&stage->library);
    bool is_ok = make_authorities(stage, error) && open_origins(stage, error) &&
                 open_behind(stage, error) && make_bridge_trust(stage, error) &&
                 make_crl(stage, error) && make_root(stage, error) &&
                 make_client_certificate(stage, error) && start_bridge(stage, error) &&
                 open_before(stage, error);
    if (!is_ok) {
        stage_close(stage);
    }
    return is_ok;
}

void stage_rest(struct stage *stage)
{
    int64_t until_us = clock_monotonic_us() + (int64_t)REST_MS_MAX * 1000;
    const struct timespec step = {.tv_nsec = REST_STEP_NS};
    while (proxy_open_count(stage->proxy) > 0 && clock_monotonic_us() < until_us) {
        (void)nanosleep(&step, NULL); // woken early: it looks again
    }
}

void stage_still(struct stage *stage)
{
    if (stage->proxy != NULL) {
        proxy_drain(stage->proxy, REST_MS_MAX);
        proxy_free(stage->proxy);
        stage->proxy = NULL;
    }
    if (stage->recorder != NULL) {
        recorder_free(stage->recorder);
        stage->recorder = NULL;
    }
}

void stage_close(struct stage *stage)
{
    stage_still(stage);
    interceptor_free(stage->interceptor);
    origins_free(stage->origins);
    watch_free(stage->watch);
    struct memory_file *files[] = {&stage->bridge_trust, &stage->client_roots, &stage->crl,
                                   &stage->certificate,  &stage->key,          &stage->bridge_ca};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        memory_file_clear(files[i]);
    }
    authority_clear(&stage->ca);
    authority_clear(&stage->stranger);
    *stage = (struct stage){0};
}
