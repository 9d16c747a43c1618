#include "number_list.h"

bool number_list_add(struct number_list *list, uint16_t number)
{
    if (list->count >= NUMBER_LIST_MAX) {
        return false;
    }
    list->items[list->count++] = number;
    return true;
}

bool number_list_has(const struct number_list *list, uint16_t number)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] == number) {
            return true;
        }
    }
    return false;
}

size_t number_list_read(struct number_list *list, struct slice vector)
{
    *list = (struct number_list){0};
    size_t left_out = 0;
    for (size_t i = 0; i < vector.len / 2; i++) {
        if (!number_list_add(list, slice_u16_at(vector, i))) {
            left_out++;
        }
    }
    return left_out;
}
