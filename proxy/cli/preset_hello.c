#include "preset_hello.h"

#include <string.h>

#include "tls_stream.h"

bool preset_is_file(const char *name)
{
    static const char ending[] = ".yaml";
    size_t len = strlen(name), ending_len = sizeof(ending) - 1;
    return len > ending_len && strcmp(name + len - ending_len, ending) == 0;
}

bool preset_hello_read(struct preset_hello *out, struct preset_client *preset, struct error *error)
{
    if (preset == NULL) {
        return false;
    }
    *out = (struct preset_hello){.preset = preset};
    buffer_init(&out->joined, HANDSHAKE_MESSAGE_MAX + HANDSHAKE_HEADER_LEN);
    struct slice message;
    bool is_sslv2 = false;
    size_t at;
    bool is_read = first_hello(preset->record, &out->joined, &message, &is_sslv2) == PARSE_OK &&
                   (is_sslv2 ? client_hello_parse_sslv2(message, &out->hello, &at)
                             : client_hello_parse(message, &out->hello, &at)) == PARSE_OK;
    if (!is_read) {
        (void)error_set(error, ERROR_CONFIG, "client '%s': its record is no ClientHello",
                        preset->name);
        preset_hello_clear(out);
    }
    return is_read;
}

bool preset_hello_find(struct preset_hello *out, const char *name, struct error *error)
{
    bool is_file = preset_is_file(name);
    struct preset_client *preset =
        is_file ? preset_client_load(name, error) : preset_client_find(name, error);
    if (preset == NULL && error->kind == ERROR_FILE) {
        error->kind = ERROR_CONFIG; // even when the disk says no: the user named the file
    }
    return preset_hello_read(out, preset, error);
}

void preset_hello_clear(struct preset_hello *hello)
{
    preset_client_free(hello->preset);
    buffer_clear(&hello->joined);
    *hello = (struct preset_hello){0};
}
