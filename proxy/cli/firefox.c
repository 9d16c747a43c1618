#include "firefox.h"

#include "nss.h"
#include "tool.h"

static const char *const programs[] = {"firefox", "firefox-esr"};

bool firefox_find(char out_path[FILE_PATH_MAX])
{
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        if (tool_find(programs[i], out_path)) {
            return true;
        }
    }
    return false;
}

// Only what the user does shall be seen: each of these is a connection that Firefox makes on its
// own, or a page that it opens first.
static const struct {
    const char *name, *value;
} preferences[] = {
    {"network.proxy.type", "1"},
    {"network.proxy.share_proxy_settings", "false"},
    {"network.proxy.no_proxies_on", "\"\""},
    {"network.proxy.allow_hijacking_localhost", "true"},
    {"network.captive-portal-service.enabled", "false"},
    {"network.connectivity-service.enabled", "false"},
    {"network.dns.disablePrefetch", "true"},
    {"network.prefetch-next", "false"},
    {"network.trr.mode", "5"},
    {"app.normandy.enabled", "false"},
    {"app.shield.optoutstudies.enabled", "false"},
    {"app.update.auto", "false"},
    {"app.update.disabledForTesting", "true"},
    {"browser.aboutwelcome.enabled", "false"},
    {"browser.newtabpage.activity-stream.feeds.topsites", "false"},
    {"browser.newtabpage.activity-stream.showSponsored", "false"},
    {"browser.newtabpage.activity-stream.showSponsoredTopSites", "false"},
    {"browser.region.network.url", "\"\""},
    {"browser.region.update.enabled", "false"},
    {"browser.safebrowsing.blockedURIs.enabled", "false"},
    {"browser.safebrowsing.downloads.enabled", "false"},
    {"browser.safebrowsing.malware.enabled", "false"},
    {"browser.safebrowsing.phishing.enabled", "false"},
    {"browser.search.update", "false"},
    {"browser.shell.checkDefaultBrowser", "false"},
    {"browser.startup.homepage", "\"about:blank\""},
    {"browser.startup.homepage_override.mstone", "\"ignore\""},
    {"datareporting.healthreport.uploadEnabled", "false"},
    {"datareporting.policy.dataSubmissionEnabled", "false"},
    {"datareporting.usage.uploadEnabled", "false"},
    {"dom.push.connection.enabled", "false"},
    {"extensions.getAddons.cache.enabled", "false"},
    {"extensions.systemAddon.update.enabled", "false"},
    {"extensions.update.enabled", "false"},
    {"geo.enabled", "false"},
    {"media.gmp-manager.updateEnabled", "false"},
    {"messaging-system.rsexperimentloader.enabled", "false"},
    {"privacy.trackingprotection.enabled", "false"},
    {"security.OCSP.enabled", "0"},
    {"security.remote_settings.crlite_filters.enabled", "false"},
    {"security.remote_settings.intermediates.enabled", "false"},
    {"services.settings.server", "\"data:,#remote-settings-dummy/v1\""},
    {"signon.management.page.breach-alerts.enabled", "false"},
    {"toolkit.telemetry.enabled", "false"},
    {"toolkit.telemetry.server", "\"\""},
    {"toolkit.telemetry.unified", "false"},
    {"trailhead.firstrun.didSeeAboutWelcome", "true"},
};

void firefox_line(const struct browser_start *start, struct line *out_line)
{
    line_add(out_line, start->program);
    line_add(out_line, "--no-remote"); // never a window of the Firefox that runs already
    line_add(out_line, "--profile");
    line_add(out_line, start->profile);
    if (start->is_headless) {
        line_add(out_line, "--headless");
    }
    browser_line_end(start, out_line);
}

bool firefox_user_js(const struct endpoint *proxy, struct buffer *out)
{
    bool is_whole = true;
    for (size_t i = 0; i < COUNT_OF(preferences); i++) {
        is_whole = is_whole && buffer_printf(out, "user_pref(\"%s\", %s);\n", preferences[i].name,
                                             preferences[i].value);
    }
    static const char *const schemes[] = {"http", "ssl"};
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        is_whole = is_whole && buffer_printf(out,
                                             "user_pref(\"network.proxy.%s\", \"%s\");\n"
                                             "user_pref(\"network.proxy.%s_port\", %u);\n",
                                             schemes[i], proxy->host, schemes[i], proxy->port);
    }
    return is_whole;
}

bool firefox_profile(const struct scratch *scratch, const struct authority *ca,
                     const struct endpoint *proxy, char out_path[FILE_PATH_MAX],
                     struct error *error)
{
    struct buffer text = {0};
    bool is_made =
        scratch_folder(scratch, "profile", out_path, error) &&
        (firefox_user_js(proxy, &text) || error_set(error, ERROR_MEMORY, "out of memory")) &&
        scratch_file(scratch, "profile/user.js", buffer_slice(&text), NULL, error) &&
        nss_add(out_path, ca, error);
    buffer_clear(&text);
    return is_made;
}
