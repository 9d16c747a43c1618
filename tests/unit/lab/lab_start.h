// Starts lab servers from "key=value;…".
#pragma once

#include "lab_client.h"

static inline void set_keys(struct origin *origin, const char *keys)
{
    char copy[256], *save = NULL;
    struct error error = {.text = ""};
    (void)snprintf(copy, sizeof(copy), "%s", keys);
    for (char *key = strtok_r(copy, ";", &save); key != NULL; key = strtok_r(NULL, ";", &save)) {
        char *value = strchr(key, '=');
        assert_non_null(value);
        *value++ = '\0';
        if (!origin_set(origin, key, value, &error)) {
            fail_msg("%s", error.text);
        }
    }
}

static inline uint16_t start(struct origins *origins, const char *keys)
{
    struct origin origin;
    struct error error = {.text = ""};
    uint16_t port = 0;
    origin_init(&origin);
    assert_non_null(origin_site_add(&origin, CLIENT_HOST, &error));
    set_keys(&origin, keys);
    if (!origins_add(origins, &origin, &port, &error)) {
        fail_msg("%s", error.text);
    }
    assert_true(port != 0);
    return port;
}

static inline uint16_t start_box(struct origins *origins, uint16_t target, const char *keys)
{
    struct box box = {.target = {.host = "127.0.0.1", .port = target, .is_ip = true}};
    struct error error = {.text = ""};
    char copy[256], *save = NULL;
    uint16_t port = 0;
    (void)snprintf(copy, sizeof(copy), "%s", keys);
    for (char *key = strtok_r(copy, ";", &save); key != NULL; key = strtok_r(NULL, ";", &save)) {
        char *value = strchr(key, '=');
        assert_non_null(value);
        *value++ = '\0';
        if (!box_set(&box, key, value, &error)) {
            fail_msg("%s", error.text);
        }
    }
    if (!origins_add_box(origins, &box, &port, &error)) {
        fail_msg("%s", error.text);
    }
    return port;
}
