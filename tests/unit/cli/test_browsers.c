// What the browsers are started with, and what the profile says.
#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "chromium.h"
#include "firefox.h"

static const struct endpoint proxy_v4 = {.host = "127.0.0.1", .port = 4711, .is_ip = true};
static const struct endpoint proxy_v6 = {.host = "::1", .port = 4711, .is_ip = true};

static int clear(void **state)
{
    line_clear(*state);
    return 0;
}

static bool has_word(const struct line *line, const char *word)
{
    for (size_t i = 0; i < line->count; i++) {
        if (strcmp(line->words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static void chromium_goes_through_the_proxy(void **state)
{
    struct line *line = *state;
    char *extra[] = {"--dump-dom", NULL};
    struct browser_start start = {
        .program = "/usr/bin/chromium",
        .profile = "/t/profile",
        .proxy = &proxy_v6,
        .extra = extra,
        .url = "https://a.test/",
    };
    chromium_line(&start, line);
    assert_false(line->failed);
    assert_string_equal(line->words[0], "/usr/bin/chromium");
    assert_true(has_word(line, "--user-data-dir=/t/profile"));
    assert_true(has_word(line, "--proxy-server=http://[::1]:4711"));
    assert_true(has_word(line, "--proxy-bypass-list=<-loopback>"));
    assert_false(has_word(line, "--no-sandbox"));
    assert_false(has_word(line, "--headless"));
    assert_string_equal(line->words[line->count - 2], "--dump-dom");
    assert_string_equal(line->words[line->count - 1], "https://a.test/");
    assert_null(line->words[line->count]);
}

static void chromium_says_root_headless_and_key(void **state)
{
    struct line *line = *state;
    struct browser_start start = {
        .program = "chromium",
        .profile = "/t/profile",
        .proxy = &proxy_v4,
        .spki_hash = "aGFzaA==",
        .is_root = true,
        .is_headless = true,
        .url = "about:blank",
    };
    chromium_line(&start, line);
    assert_true(has_word(line, "--no-sandbox"));
    assert_true(has_word(line, "--headless"));
    assert_true(has_word(line, "--ignore-certificate-errors-spki-list=aGFzaA=="));
}

static void firefox_keeps_to_its_profile(void **state)
{
    struct line *line = *state;
    struct browser_start start = {
        .program = "/usr/bin/firefox",
        .profile = "/t/profile",
        .proxy = &proxy_v4,
        .is_headless = true,
        .url = "https://a.test/",
    };
    firefox_line(&start, line);
    const char *const want[] = {"/usr/bin/firefox", "--no-remote", "--profile",
                                "/t/profile",       "--headless",  "https://a.test/"};
    assert_int_equal(line->count, COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_string_equal(line->words[i], want[i]);
    }
}

static void too_many_words_fail(void **state)
{
    struct line *line = *state;
    for (size_t i = 0; i <= LINE_WORDS_MAX; i++) {
        assert_false(line->failed);
        line_add(line, "x");
    }
    assert_true(line->failed);
    assert_int_equal(line->count, LINE_WORDS_MAX);
}

static const struct row {
    const char *name;
    const struct endpoint *proxy;
    const char *want;
} rows[] = {
    {"proxy by hand", &proxy_v4, "user_pref(\"network.proxy.type\", 1);\n"},
    {"plain HTTP", &proxy_v4, "user_pref(\"network.proxy.http\", \"127.0.0.1\");\n"},
    {"port of plain HTTP", &proxy_v4, "user_pref(\"network.proxy.http_port\", 4711);\n"},
    {"TLS", &proxy_v4, "user_pref(\"network.proxy.ssl\", \"127.0.0.1\");\n"},
    {"port of TLS", &proxy_v4, "user_pref(\"network.proxy.ssl_port\", 4711);\n"},
    {"an IPv6 host without brackets", &proxy_v6, "user_pref(\"network.proxy.ssl\", \"::1\");\n"},
    {"loopback too", &proxy_v4, "user_pref(\"network.proxy.allow_hijacking_localhost\", true);\n"},
    {"no captive portal check", &proxy_v4,
     "user_pref(\"network.captive-portal-service.enabled\", false);\n"},
    {"no OCSP of its own", &proxy_v4, "user_pref(\"security.OCSP.enabled\", 0);\n"},
};

static void user_js_says(void **state)
{
    const struct row *row = *state;
    struct buffer text = {0};
    bool is_whole = firefox_user_js(row->proxy, &text);
    const char *content = buffer_text(&text);
    bool is_there = is_whole && strstr(content, row->want) != NULL;
    buffer_clear(&text);
    assert_true(is_there);
}

// Every line is one preference, and no preference is said twice: the last would win unseen.
static void user_js_is_well_formed(void **state)
{
    (void)state;
    struct buffer text = {0};
    bool is_fine = firefox_user_js(&proxy_v4, &text);
    const char *content = buffer_text(&text);
    for (const char *line = content; is_fine && *line != '\0'; line = strchr(line, '\n') + 1) {
        size_t len = strcspn(line, "\n");
        size_t name_len = strcspn(line, ",");
        is_fine = strncmp(line, "user_pref(\"", 11) == 0 && strncmp(line + len - 2, ");", 2) == 0;
        char start[256];
        (void)snprintf(start, sizeof(start), "%.*s,", (int)name_len, line);
        is_fine = is_fine && strstr(content, start) == line && strstr(line + 1, start) == NULL;
    }
    buffer_clear(&text);
    assert_true(is_fine);
}

int main(void)
{
    static struct line lines[4];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate_setup_teardown(chromium_goes_through_the_proxy, NULL, clear,
                                                 &lines[0]),
        cmocka_unit_test_prestate_setup_teardown(chromium_says_root_headless_and_key, NULL, clear,
                                                 &lines[1]),
        cmocka_unit_test_prestate_setup_teardown(firefox_keeps_to_its_profile, NULL, clear,
                                                 &lines[2]),
        cmocka_unit_test_prestate_setup_teardown(too_many_words_fail, NULL, clear, &lines[3]),
        cmocka_unit_test(user_js_is_well_formed),
    };
    return RUN_ROWS(rows, user_js_says) + cmocka_run_group_tests(tests, NULL, NULL);
}
