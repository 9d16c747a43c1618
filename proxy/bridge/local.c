#include "local.h"

#include <string.h>

static const char *const names[] = {"midspan.test", NULL};

const char *const *local_names(void)
{
    return names;
}

bool local_is_name(const char *host)
{
    return strcmp(host, names[0]) == 0;
}

enum step local_answer(struct connection *c, const char *path, bool is_head)
{
    char address[ENDPOINT_TEXT_MAX];
    const struct shared *shared = c->worker->shared;
    if (!answer_local(&c->answer, path, is_head, shared->ca,
                      endpoint_text(&shared->endpoints[0], address), false)) {
        connection_close(c);
        return STEP_WAIT;
    }
    c->state = CONNECTION_ANSWERING;
    return STEP_NEXT;
}
