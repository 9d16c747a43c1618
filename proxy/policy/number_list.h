// A bounded list of two-byte code points, kept by value so that policies can be copied and
// compared with memcmp.
#pragma once

#include "buffer.h"

#define NUMBER_LIST_MAX 200

struct number_list {
    uint16_t count;
    uint16_t items[NUMBER_LIST_MAX]; // zero past count
};

// number_list_add appends; false when full. number_list_has looks one up.
bool number_list_add(struct number_list *list, uint16_t number);
bool number_list_has(const struct number_list *list, uint16_t number);
// number_list_read fills the list from a vector as on the wire; numbers past the limit are left
// out and their count is returned.
size_t number_list_read(struct number_list *list, struct slice vector);
