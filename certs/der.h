// DER, element by element, borrowed and without memory: for what is too long to be decoded whole.
// X.690 section 10. Not for other folders.
#pragma once

#include "base.h"

#define DER_BOOLEAN      0x01
#define DER_INTEGER      0x02
#define DER_BITS         0x03
#define DER_OCTETS       0x04
#define DER_OID          0x06
#define DER_ENUMERATED   0x0a
#define DER_UTC_TIME     0x17
#define DER_GENERAL_TIME 0x18
#define DER_SEQUENCE     0x30
#define DER_EXPLICIT_0   0xa0

struct der {
    uint8_t tag;
    struct slice content;
    struct slice whole; // tag and length included
};

// der_read takes the first element off `left`; false, with nothing moved, when there is none: cut
// short, of indefinite length, or with a tag of more than one byte.
bool der_read(struct slice *left, struct der *out);

// der_take takes it only when it has this tag.
bool der_take(struct slice *left, uint8_t tag, struct der *out);
