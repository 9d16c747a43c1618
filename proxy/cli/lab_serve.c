// midspan lab serve: a proxy behind which the lab's hosts are.
#include <string.h>

#include "lab_session.h"
#include "lab_way.h"
#include "serving.h"

static bool build(const struct invocation *invocation, void *user, struct settings *out_settings,
                  struct error *error)
{
    const struct lab_session *lab = user;
    return options_settings(invocation, out_settings, error) &&
           lab_hosts_tell(&lab->hosts, out_settings, error) && settings_check(out_settings, error);
}

static void greet(void *user, struct buffer *out)
{
    const struct lab_session *lab = user;
    const struct lab_hosts *hosts = &lab->hosts;
    size_t widest = 0;
    for (size_t i = 0; i < hosts->count; i++) {
        size_t len = strlen(hosts->hosts[i].scenario->host);
        widest = len > widest ? len : widest;
    }
    // A line that memory is missing for is left out.
    (void)buffer_printf(
        out,
        lab_say(
            lab, "lab        https://" LAB_PAGE_HOST "/ lists these %zu hosts, through the proxy\n",
            "ラボ       プロキシ経由で https://" LAB_PAGE_HOST "/ に、次の %zu 個のホストの一覧\n"),
        hosts->count);
    for (size_t i = 0; i < hosts->count; i++) {
        const struct scenario *scenario = hosts->hosts[i].scenario;
        (void)buffer_printf(out, "           https://%s." LAB_DOMAIN "/%*s  %s\n", scenario->host,
                            (int)(widest - strlen(scenario->host)), "",
                            speech_in(&scenario->title, lab->language));
    }
    (void)buffer_append_text(out, "\n");
}

int lab_serve(struct lab_session *lab)
{
    struct error error;
    if (!lab_way_open(&lab->hosts, &lab->list, &error)) {
        return (int)report_error(&error);
    }
    int code = serve(lab->invocation, build, greet, lab);
    lab_hosts_close(&lab->hosts);
    return code;
}
