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
static bool is_lab(const struct connection *c, struct slice path)
{
    const struct settings *settings = connection_settings(c);
    return slice_equals_text(path, "/lab") &&
           host_route_find(settings->routes, settings->route_count, LAB_PAGE_HOST) != NULL;
}

bool local_compose(struct connection *c, const char *path, bool is_head, bool is_h2)
{
    char address[ENDPOINT_TEXT_MAX];
    const struct shared *shared = c->worker->shared;
    if (is_lab(c, path != NULL ? slice_of_text(path) : answer_path(&c->answer, is_h2))) {
        return answer_moved(&c->answer, "http://" LAB_PAGE_HOST "/", is_head);
    }
    return answer_local(&c->answer, path, is_head, shared->ca,
                        endpoint_text(&shared->endpoints[0], address), is_h2);
}

enum step local_answer(struct connection *c, const char *path, bool is_head)
{
    if (!local_compose(c, path, is_head, false)) {
        connection_close(c);
        return STEP_WAIT;
    }
    c->state = CONNECTION_ANSWERING;
    return STEP_NEXT;
}
