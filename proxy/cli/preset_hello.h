// The ClientHello of a client preset, decoded.
#pragma once

#include "hello.h"
#include "presets.h"

// All-zero is a valid empty one. Its address is in the hello: not to be copied.
struct preset_hello {
    struct preset_client *preset;
    struct buffer joined; // the message, when it came in several records
    struct client_hello hello;
};

// preset_hello_read takes the preset, on failure too; NULL is passed on as false, with the error
// that its maker set. preset_hello_find reads a built-in preset or, when `name` ends in ".yaml",
// one from a file.
bool preset_hello_read(struct preset_hello *out, struct preset_client *preset, struct error *error);
bool preset_hello_find(struct preset_hello *out, const char *name, struct error *error);
void preset_hello_clear(struct preset_hello *hello);

// preset_is_file is true for a name that means a file of the user's.
bool preset_is_file(const char *name);
