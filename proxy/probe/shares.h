// Key shares of our own, for hellos that name groups the recorded one did not.
#pragma once

#include "buffer.h"

// share_append makes a fresh key in the group, appends its KeyShareEntry (RFC 8446 section 4.2.8)
// and forgets the key: nothing is ever agreed. False when the library does not know the group.
bool share_append(struct buffer *out, uint16_t group);
