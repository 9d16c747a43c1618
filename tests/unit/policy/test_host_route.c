// Names that are reached at an address of the user's choice.
#include "rows.h"

#include "host_route.h"

static const struct row {
    const char *name, *text;
    const char *host; // that is looked for
    const char *want; // "host:port", NULL: no route; or the error
    bool is_wrong;
} rows[] = {
    {"a name", "app.internal=127.0.0.1:8443", "app.internal", "127.0.0.1:8443", false},
    {"a name in capitals", "App.Internal=127.0.0.1:8443", "app.internal", "127.0.0.1:8443", false},
    {"another name", "app.internal=127.0.0.1:8443", "app.external", NULL, false},
    {"a name below a domain", "*.lab.test=[::1]:1", "a.b.lab.test", "[::1]:1", false},
    {"the domain itself", "*.lab.test=[::1]:1", "lab.test", NULL, false},
    {"a dot at the end", "a.test=b.test:1", "a.test.", "b.test:1", false},
    {"a dot at the end of the pattern", "a.test.=b.test:1", "a.test", "b.test:1", false},
    {"a dot at the end of both", "*.test.=b.test:1", "a.test.", "b.test:1", false},
    {"every host", "*=127.0.0.1:1", "192.0.2.1", "127.0.0.1:1", false},
    {"no host", "*=127.0.0.1:1", "", NULL, false},
    {"no equals sign", "a.test", "",
     "--resolve: bad value 'a.test', expected HOST=ADDRESS:PORT, where HOST is a name, *.DOMAIN "
     "or *",
     true},
    {"nothing before the equals sign", "=a.test:1", "",
     "--resolve: bad value '=a.test:1', expected HOST=ADDRESS:PORT, where HOST is a name, "
     "*.DOMAIN or *",
     true},
    {"a dot alone", ".=a.test:1", "",
     "--resolve: bad value '.=a.test:1', expected HOST=ADDRESS:PORT, where HOST is a name, "
     "*.DOMAIN or *",
     true},
    {"a star inside", "a.*.test=a.test:1", "",
     "--resolve: bad value 'a.*.test=a.test:1', expected HOST=ADDRESS:PORT, where HOST is a name, "
     "*.DOMAIN or *",
     true},
    {"no port", "a.test=127.0.0.1", "", "--resolve: no port in '127.0.0.1', expected HOST:PORT",
     true},
};

static void route_gives(void **state)
{
    const struct row *row = *state;
    struct host_route route;
    struct error error = {0};
    char text[ENDPOINT_TEXT_MAX];
    bool is_read = host_route_parse(row->text, "--resolve", &route, &error);
    assert_int_equal(is_read, !row->is_wrong);
    if (row->is_wrong) {
        assert_string_equal(error.text, row->want);
        return;
    }
    const struct host_route *found = host_route_find(&route, 1, row->host);
    assert_int_equal(found != NULL, row->want != NULL);
    if (found != NULL) {
        assert_string_equal(endpoint_text(&found->where, text), row->want);
    }
}

int main(void)
{
    return RUN_ROWS(rows, route_gives);
}
