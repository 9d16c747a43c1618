// The config file, the text of --client-leg and the preset files: any bytes are refused with a
// message or accepted, and what is accepted keeps its limits.
#undef NDEBUG // what the target asserts holds in every build
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "presets.h"
#include "settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(const uint8_t *data, size_t size)
{
    static struct settings settings;
    settings_default(&settings);
    struct error error = {0};
    if (!settings_parse(&settings, (struct slice){data, size}, "config", &error)) {
        assert(memchr(error.text, '\0', sizeof(error.text)) != NULL);
        assert(error.kind == ERROR_MEMORY || strncmp(error.text, "config:", 7) == 0);
        return;
    }
    assert(settings.listen_count >= 1 && settings.listen_count <= SETTINGS_LISTEN_MAX);
    assert(settings.pass_count <= SETTINGS_PASS_MAX);
    (void)settings_check(&settings, NULL); // either answer is right
}

static void apply(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    assert(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    static struct leg_policy policy;
    leg_policy_default(&policy, SERVER);
    struct error error = {0};
    if (!leg_policy_apply(&policy, text, &error)) {
        assert(error.text[0] != '\0');
    }
    assert(policy.suites.count <= NUMBER_LIST_MAX && policy.alpn_len <= POLICY_ALPN_MAX);
    free(text);
}

static void read_presets(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct preset_edge *edge = preset_edge_parse((struct slice){data, size}, "edge", &error);
    assert(edge != NULL || error.kind == ERROR_MEMORY || strncmp(error.text, "edge:", 5) == 0);
    preset_edge_free(edge);
    struct preset_client *client =
        preset_client_parse((struct slice){data, size}, "client", &error);
    assert(client != NULL || error.kind == ERROR_MEMORY || strncmp(error.text, "client:", 7) == 0);
    preset_client_free(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        load(data, size);
        apply(data, size);
        read_presets(data, size);
    }
    return 0;
}
