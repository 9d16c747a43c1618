// Listening sockets: shared by workers, not stolen from others; and whose an address is.
#include "rows.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "listen.h"

static struct endpoint at(const char *host, uint16_t port)
{
    struct endpoint endpoint = {.port = port};
    assert_true(endpoint_set_host(&endpoint, slice_of_text(host)));
    return endpoint;
}

static size_t open_files(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL) {
        count++;
    }
    (void)closedir(folder);
    return count;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)close(fds[i]);
    }
}

static void workers_share_a_free_port(void **state)
{
    (void)state;
    struct endpoint where = at("127.0.0.1", 0), real;
    struct error error;
    int fds[8];
    assert_true(listen_open(&where, fds, COUNT(fds), &real, &error));
    assert_true(real.port != 0);
    assert_string_equal(real.host, "127.0.0.1");
    for (size_t i = 0; i < COUNT(fds); i++) {
        struct sockaddr_in address;
        socklen_t len = sizeof(address);
        assert_int_equal(getsockname(fds[i], (struct sockaddr *)&address, &len), 0);
        assert_int_equal(ntohs(address.sin_port), real.port);
        assert_int_equal(listen(fds[i], 1), 0);
    }
    close_all(fds, COUNT(fds));
}

// SO_REUSEPORT alone would let a second midspan take half of the first one's connections.
static void second_midspan_is_refused(void **state)
{
    (void)state;
    struct endpoint where = at("127.0.0.1", 0), real, other;
    struct error error = {0};
    int fds[2], more[2];
    assert_true(listen_open(&where, fds, 2, &real, &error));
    assert_int_equal(listen(fds[0], 1), 0);
    assert_int_equal(listen(fds[1], 1), 0);
    size_t files = open_files();
    assert_false(listen_open(&real, more, 2, &other, &error));
    assert_int_equal(error.kind, ERROR_NETWORK);
    assert_non_null(strstr(error.text, "the port is taken"));
    assert_int_equal(open_files(), files);
    close_all(fds, 2);
}

static const struct refused_row {
    const char *name, *host, *says;
} refused_rows[] = {
    {"an address of another machine", "192.0.2.1", "192.0.2.1"},
    {"a name that nobody has", "no-such-host.invalid", "no-such-host.invalid"},
};

static void host_is_refused(void **state)
{
    const struct refused_row *row = *state;
    struct endpoint where = at(row->host, 0), real;
    struct error error = {0};
    int fds[2];
    size_t files = open_files();
    assert_false(listen_open(&where, fds, 2, &real, &error));
    assert_int_equal(error.kind, ERROR_NETWORK);
    assert_non_null(strstr(error.text, row->says));
    assert_int_equal(open_files(), files);
}

// ---- whose an address is

static const struct address_row {
    const char *name, *own, *address;
    uint16_t port; // of the address; the listener's is 8080
    bool is_own;
} address_rows[] = {
    {"the very address", "127.0.0.1", "127.0.0.1", 8080, true},
    {"another port", "127.0.0.1", "127.0.0.1", 8081, false},
    {"another loopback address", "127.0.0.1", "127.0.0.2", 8080, false},
    {"another family", "127.0.0.1", "::1", 8080, false},
    {"IPv4 in IPv6", "127.0.0.1", "::ffff:127.0.0.1", 8080, true},
    {"0.0.0.0 is this machine", "127.0.0.1", "0.0.0.0", 8080, true},
    {":: is this machine", "::1", "::", 8080, true},
    {"IPv6", "::1", "::1", 8080, true},
    {"IPv6 against IPv4", "::1", "127.0.0.1", 8080, false},
    {"localhost", "localhost", "127.0.0.1", 8080, true},
    {"localhost in IPv6", "localhost", "::1", 8080, true},
    {"localhost is no other loopback address", "localhost", "127.0.0.2", 8080, false},
    {"all addresses have the loopback ones", "0.0.0.0", "127.0.0.2", 8080, true},
    {"all addresses of ours only", "0.0.0.0", "192.0.2.1", 8080, false},
    {"all addresses, another port", "0.0.0.0", "127.0.0.1", 8081, false},
    {"all addresses of IPv6 have no IPv4 ones", "::", "127.0.0.1", 8080, false},
};

static void address_is_own(void **state)
{
    const struct address_row *row = *state;
    struct endpoint own = at(row->own, 8080);
    struct sockaddr_storage address = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
    if (inet_pton(AF_INET, row->address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(row->port);
    } else {
        assert_int_equal(inet_pton(AF_INET6, row->address, &v6->sin6_addr), 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(row->port);
    }
    assert_int_equal(listen_has(&own, &address), row->is_own);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_share_a_free_port),
        cmocka_unit_test(second_midspan_is_refused),
    };
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    int failed = RUN_ROWS(refused_rows, host_is_refused);
    failed += RUN_ROWS(address_rows, address_is_own);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
