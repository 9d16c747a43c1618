// midspan lab serve: a proxy behind which the lab's hosts are.
#include <stdio.h>

#include "bundle.h"
#include "file.h"
#include "lab_hosts.h"
#include "lab_session.h"
#include "serving.h"

static bool build(const struct invocation *invocation, void *user, struct settings *out_settings,
                  struct error *error)
{
    return options_settings(invocation, out_settings, error) &&
           lab_hosts_tell(user, out_settings, error) && settings_check(out_settings, error);
}

static void greet(const struct lab_session *lab, const struct lab_hosts *hosts)
{
    if (option_is_given(lab->invocation, "quiet")) {
        return;
    }
    (void)printf(
        lab_say(lab, "lab        http://" LAB_PAGE_HOST "/ lists %zu hosts, through the proxy\n",
                "ラボ       プロキシ経由で http://" LAB_PAGE_HOST "/ に %zu 個のホストの一覧\n"),
        hosts->count);
    for (size_t i = 0; i < hosts->count; i++) {
        const struct scenario *scenario = hosts->hosts[i].scenario;
        (void)printf("           https://%s." LAB_DOMAIN "/  %s\n", scenario->host,
                     speech_in(&scenario->title, lab->language));
    }
    (void)fflush(stdout); // who reads no longer is told later
}

int lab_serve(struct lab_session *lab)
{
    struct lab_hosts hosts;
    struct error error;
    struct buffer trusted = {0};
    const char *path = bundle_system(); // NULL: only the lab is reached
    int code = OUTCOME_OURS;
    if ((path == NULL || file_read(path, &trusted, &error)) &&
        lab_hosts_open(&hosts, &lab->list, buffer_slice(&trusted), &error)) {
        greet(lab, &hosts);
        code = serve(lab->invocation, build, &hosts);
        lab_hosts_close(&hosts);
    } else {
        code = (int)report_error(&error);
    }
    buffer_clear(&trusted);
    return code;
}
