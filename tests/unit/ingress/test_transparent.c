// Only what needs no netfilter rule: a connection that was not redirected is never taken for one.
#include "ingress.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rows.h"

static const struct row {
    const char *name;
    int family;
} rows[] = {
    {"direct connection over IPv4", AF_INET},
    {"direct connection over IPv6", AF_INET6},
};

static socklen_t loopback(int family, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (family == AF_INET) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)out;
        v4->sin_family = AF_INET;
        v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return sizeof(*v4);
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    v6->sin6_family = AF_INET6;
    v6->sin6_addr = in6addr_loopback;
    return sizeof(*v6);
}

static void is_not_redirected(void **state)
{
    const struct row *row = *state;
    struct sockaddr_storage address;
    socklen_t len = loopback(row->family, &address);
    int listener = socket(row->family, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, len) != 0) {
        skip(); // a machine without this family
    }
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    int client = socket(row->family, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, len), 0);
    int server = accept(listener, NULL, NULL);
    assert_true(server >= 0);

    struct endpoint target = {.port = 4711};
    struct error error = {0};
    assert_false(transparent_target(server, &target, &error));
    assert_int_equal(error.kind, ERROR_NETWORK);
    assert_non_null(strstr(error.text, "redirected"));
    assert_int_equal(target.port, 4711);
    (void)close(server);
    (void)close(client);
    (void)close(listener);
}

static void no_socket(void **state)
{
    (void)state;
    struct endpoint target;
    struct error error = {0};
    assert_false(transparent_target(-1, &target, &error));
    assert_int_equal(error.kind, ERROR_NETWORK);
}

int main(void)
{
    const struct CMUnitTest others[] = {cmocka_unit_test(no_socket)};
    return RUN_ROWS(rows, is_not_redirected) + cmocka_run_group_tests(others, NULL, NULL);
}
