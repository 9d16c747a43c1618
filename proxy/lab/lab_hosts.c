#include "lab_hosts.h"

#include <stdio.h>
#include <string.h>

#include "html.h"

static bool out_of_memory(struct error *error)
{
    return error_set(error, ERROR_MEMORY, "out of memory for the lab's hosts");
}

static bool open_host(struct lab_hosts *hosts, const struct scenario *scenario, struct error *error)
{
    const struct lab_case *broken = &scenario->broken;
    struct lab_host *host = &hosts->hosts[hosts->count];
    struct origin origin = broken->origin;
    host->scenario = scenario;
    if (strcmp(origin.sites[0].name, LAB_SITE_HOST) == 0) {
        (void)snprintf(origin.sites[0].name, ENDPOINT_HOST_MAX, "%s." LAB_DOMAIN,
                       scenario->host); // fits: one label
    }
    if (!origins_add(hosts->origins, &origin, &host->port, error)) {
        return false;
    }
    if (broken->box.is_there) {
        struct box box = broken->box.box;
        box.target = (struct endpoint){.host = "127.0.0.1", .port = host->port, .is_ip = true};
        if (!origins_add_box(hosts->origins, &box, &host->port, error)) {
            return false;
        }
    }
    hosts->count++;
    return true;
}

// ---- the page: the one healthy host, with TLS and without

static bool write_row(struct buffer *out, const struct scenario *scenario)
{
    return buffer_printf(out, "<li><a href=\"https://%s." LAB_DOMAIN "/\">%s</a><br>",
                         scenario->host, scenario->host) &&
           html_text(out, speech_in(&scenario->title, LANGUAGE_EN)) &&
           buffer_append_text(out, "<br><small lang=ja>") &&
           html_text(out, speech_in(&scenario->title, LANGUAGE_JA)) &&
           buffer_append_text(out, "</small>\n");
}

static bool write_page(const struct lab_hosts *hosts, struct buffer *out)
{
    bool is_ok = html_begin(out, "midspan lab", "en") &&
                 buffer_append_text(out, "<h1>midspan lab</h1>\n"
                                         "<p>Each of these names is broken, on purpose.</p>\n");
    for (size_t lesson = 0; lesson < LESSONS; lesson++) {
        bool is_first = true;
        for (size_t i = 0; i < hosts->count && is_ok; i++) {
            const struct scenario *scenario = hosts->hosts[i].scenario;
            if (scenario->lesson != (enum lesson)lesson) {
                continue;
            }
            if (is_first) {
                const struct speech *title = lesson_title(scenario->lesson);
                is_ok = buffer_printf(out, "<h2>%s <small lang=ja>%s</small></h2>\n<ul>\n",
                                      speech_in(title, LANGUAGE_EN), speech_in(title, LANGUAGE_JA));
                is_first = false;
            }
            is_ok = is_ok && write_row(out, scenario);
        }
        is_ok = is_ok && (is_first || buffer_append_text(out, "</ul>\n"));
    }
    return is_ok && html_end(out);
}

static bool open_page(struct lab_hosts *hosts, struct error *error)
{
    struct origin origin;
    origin_init(&origin);
    if (!write_page(hosts, &hosts->page)) {
        return out_of_memory(error);
    }
    origin.page = buffer_slice(&hosts->page);
    return origin_site_add(&origin, LAB_PAGE_HOST, error) != NULL &&
           origins_add(hosts->origins, &origin, &hosts->page_port, error);
}

static bool make_trust(struct lab_hosts *hosts, struct slice trusted, struct error *error)
{
    struct buffer text = {0}, crl = {0};
    bool is_ok =
        (buffer_append(&text, trusted) && buffer_append_text(&text, "\n") &&
         origins_trusted_pem(hosts->origins, &text) && origins_crl_pem(hosts->origins, &crl)) ||
        out_of_memory(error);
    is_ok = is_ok && memory_file_make(&hosts->trust, buffer_slice(&text), error) &&
            (crl.len == 0 || memory_file_make(&hosts->crl, buffer_slice(&crl), error));
    buffer_clear(&text);
    buffer_clear(&crl);
    return is_ok;
}

bool lab_hosts_open(struct lab_hosts *hosts, const struct scenario_list *list, struct slice trusted,
                    struct error *error)
{
    *hosts = (struct lab_hosts){.origins = origins_new(error)};
    bool is_ok = hosts->origins != NULL;
    for (size_t i = 0; i < list->count && is_ok; i++) {
        is_ok = list->items[i]->host == NULL || open_host(hosts, list->items[i], error);
    }
    is_ok = is_ok && open_page(hosts, error) && make_trust(hosts, trusted, error);
    if (!is_ok) {
        lab_hosts_close(hosts);
    }
    return is_ok;
}

void lab_hosts_close(struct lab_hosts *hosts)
{
    origins_free(hosts->origins);
    buffer_clear(&hosts->page);
    memory_file_clear(&hosts->trust);
    memory_file_clear(&hosts->crl);
    *hosts = (struct lab_hosts){0};
}

static bool tell_way(struct settings *settings, const char *label, uint16_t port,
                     struct error *error)
{
    char text[ENDPOINT_HOST_MAX + 32];
    (void)snprintf(text, sizeof(text), "%s." LAB_DOMAIN "=127.0.0.1:%u", label, port); // fits
    return settings_set(settings, "resolve", text, error);
}

bool lab_hosts_tell(const struct lab_hosts *hosts, struct settings *settings, struct error *error)
{
    bool is_ok = tell_way(settings, "lab", hosts->page_port, error);
    for (size_t i = 0; i < hosts->count && is_ok; i++) {
        is_ok = tell_way(settings, hosts->hosts[i].scenario->host, hosts->hosts[i].port, error);
    }
    struct leg_policy *leg = &settings->legs[SERVER];
    if (leg->ca_file[0] == '\0') {
        (void)snprintf(leg->ca_file, sizeof(leg->ca_file), "%s", hosts->trust.path); // fits
    }
    if (leg->crl_file[0] == '\0' && hosts->crl.is_open) {
        (void)snprintf(leg->crl_file, sizeof(leg->crl_file), "%s", hosts->crl.path); // fits
    }
    return is_ok;
}
