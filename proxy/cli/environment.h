// The environment of a program that is run through midspan.
#pragma once

#include "endpoint.h"
#include "error.h"

// All-zero is a valid empty environment.
struct environment {
    char **items; // "NAME=value", NULL-terminated once anything was set
    size_t count;
    size_t capacity;
};

// environment_copy takes over every item of `base` (NULL-terminated). environment_set sets or
// replaces one, environment_get gives its value or NULL. False when memory is out.
bool environment_copy(struct environment *environment, char *const *base);
bool environment_set(struct environment *environment, const char *name, const char *value);
const char *environment_get(const struct environment *environment, const char *name);
void environment_clear(struct environment *environment);

// What a program must know to go through midspan and to trust it.
struct detour {
    const struct endpoint *proxy;
    const char *bundle;     // PEM: the system's certificates and ours
    const char *authority;  // PEM: ours alone
    const char *java_store; // both, for Java
    const char *wgetrc; // wget's settings: Debian's wget takes its certificates from no variable
};

#define JAVA_STORE_PASSWORD "changeit" // Java's own default; it protects nothing

// environment_detour sets the proxy and trust variables of curl, git, Python, Node, Java, Go, Rust
// and others (docs/exec.md says which reads what). What JAVA_TOOL_OPTIONS held is kept.
bool environment_detour(struct environment *environment, const struct detour *detour);
