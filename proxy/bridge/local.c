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

// The lab's page is a host of its own, when there is a way to it (midspan lab serve).
static bool is_lab(const struct connection *c, const char *path)
{
    const struct settings *settings = connection_settings(c);
    return strcmp(path, "/lab") == 0 &&
           host_route_find(settings->routes, settings->route_count, LAB_PAGE_HOST) != NULL;
}

static bool answer(struct connection *c, const char *path, bool is_head)
{
    char address[ENDPOINT_TEXT_MAX];
    const struct shared *shared = c->worker->shared;
    if (is_lab(c, path)) {
        return answer_moved(&c->answer, "http://" LAB_PAGE_HOST "/", is_head);
    }
    return answer_local(&c->answer, path, is_head, shared->ca,
                        endpoint_text(&shared->endpoints[0], address), false);
}

enum step local_answer(struct connection *c, const char *path, bool is_head)
{
    if (!answer(c, path, is_head)) {
        connection_close(c);
        return STEP_WAIT;
    }
    c->state = CONNECTION_ANSWERING;
    return STEP_NEXT;
}
