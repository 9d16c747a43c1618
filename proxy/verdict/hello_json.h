// Hellos and lists of code points as JSON for people: names instead of numbers.
#pragma once

#include "json.h"
#include "sets.h"

// number_list_write_names writes an array of names, "0x1234" for numbers without one.
void number_list_write_names(struct json *json, enum list_kind kind,
                             const struct number_list *list);
// client_hello_write writes a decoded ClientHello as an object, null when it is none.
void client_hello_write(struct json *json, struct slice message, bool is_sslv2);
// server_hello_write likewise for a ServerHello or HelloRetryRequest.
void server_hello_write(struct json *json, struct slice message);
