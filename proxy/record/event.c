#include "event.h"

#include <assert.h>

const char *event_kind_name(enum event_kind kind)
{
    static const char *const names[] = {
#define XX(name, text) [EVENT_##name] = text,
        EVENT_MAP(XX)
#undef XX
    };
    assert(kind < EVENTS);
    return names[kind];
}
