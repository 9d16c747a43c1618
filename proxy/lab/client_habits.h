// Habits of a lab client that no policy has a word for. Not for other folders.
#pragma once

#include <openssl/ssl.h>

#include "scenario.h"

// client_habits_apply makes the context say, or leave out, what the client does; false when the
// library can't.
bool client_habits_apply(SSL_CTX *ssl, const struct lab_client *client);
