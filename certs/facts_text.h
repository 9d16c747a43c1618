// Pieces of certificates as text: UTF-8, NUL-terminated, of bounded length, in an arena. Nothing
// is escaped here, the sinks do that; but a NUL inside, and bytes that are no UTF-8, become U+FFFD,
// so that no name reads shorter than it is. Not for other folders.
#pragma once

#include <openssl/x509v3.h>

#include "base.h"

// Longer text is cut, at the start of a character.
#define FACTS_TEXT_MAX 1024

// All of these give NULL only when the arena is out.
const char *facts_text(struct arena *arena, struct slice bytes);
const char *facts_text_string(struct arena *arena, const ASN1_STRING *string);
const char *facts_text_name(struct arena *arena, const X509_NAME *name);            // RFC 2253
const char *facts_text_general_name(struct arena *arena, const GENERAL_NAME *name); // dns:, ip:
const char *facts_text_object(struct arena *arena, const ASN1_OBJECT *object);
const char *facts_text_serial(struct arena *arena, const ASN1_INTEGER *serial);
const char *facts_text_key(struct arena *arena, EVP_PKEY *key); // "RSA 2048"; NULL: "unknown"

// facts_text_url puts the URL of `name` into *place, unless a URL stands there already (an http
// one takes the place of another kind, such as ldap). False only when the arena is out.
bool facts_text_url(struct arena *arena, const GENERAL_NAME *name, const char **place);
