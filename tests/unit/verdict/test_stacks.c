// Stacks recognised by 188 hellos of real clients: never the wrong one, and the alerts they send.
#include "stacks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../rows.h"
#include "code_points.h"
#include "text.h"
#include "tls_stream.h"

#define SAMPLES     188
#define LINE_MAX_IN 8192

struct sample {
    char name[64], library[32];
    struct buffer flight;
};

// Which libraries a stack may be said to be.
static bool is_library(const struct stack *stack, const char *library)
{
    static const struct {
        const char *id, *library;
    } pairs[] = {
        {"firefox", "nss"},     {"chromium", "boringssl"}, {"boringssl", "boringssl"},
        {"apple", "apple"},     {"schannel", "schannel"},  {"go", "go"},
        {"jsse", "jsse"},       {"wget", "gnutls"},        {"gnutls", "gnutls"},
        {"curl", "openssl"},    {"node", "openssl"},       {"python", "openssl"},
        {"openssl", "openssl"}, {"libressl", "libressl"},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        if (strcmp(pairs[i].id, stack->id) == 0) {
            return strcmp(pairs[i].library, library) == 0;
        }
    }
    return false;
}

static void open_data(const char *path, FILE **out_file)
{
    *out_file = fopen(path, "r");
    assert_non_null(*out_file);
}

static size_t read_samples(struct sample *samples)
{
    static char line[LINE_MAX_IN];
    char hex[LINE_MAX_IN];
    size_t count = 0;
    FILE *file;
    open_data(TEST_DATA "/../../wire/data/client_hellos.txt", &file);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] == '#' || sscanf(line, "%63s %*s %*s %8191s", samples[count].name, hex) != 2) {
            continue;
        }
        assert_true(count < SAMPLES);
        assert_true(text_unhex(&samples[count].flight, slice_of_text(hex)));
        count++;
    }
    assert_int_equal(fclose(file), 0);
    return count;
}

static void read_libraries(struct sample *samples, size_t count)
{
    char line[256], name[64], library[32];
    FILE *file;
    open_data(TEST_DATA "/stacks.txt", &file);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] == '#' || sscanf(line, "%63s %31s", name, library) != 2) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            if (strcmp(samples[i].name, name) == 0) {
                strcpy(samples[i].library, library);
            }
        }
    }
    assert_int_equal(fclose(file), 0);
}

static const struct stack *stack_of(const struct sample *sample)
{
    struct buffer joined = {0};
    struct slice message;
    struct client_hello hello;
    bool is_sslv2;
    size_t at;
    assert_int_equal(first_hello(buffer_slice(&sample->flight), &joined, &message, &is_sslv2),
                     PARSE_OK);
    enum parse parsed = is_sslv2 ? client_hello_parse_sslv2(message, &hello, &at)
                                 : client_hello_parse(message, &hello, &at);
    assert_int_equal(parsed, PARSE_OK);
    const struct stack *stack = stack_recognise(&hello);
    buffer_clear(&joined);
    return stack;
}

static void recognises_real_clients(void **state)
{
    static struct sample samples[SAMPLES];
    (void)state;
    size_t count = read_samples(samples);
    assert_int_equal(count, SAMPLES);
    read_libraries(samples, count);
    size_t right = 0, wrong = 0, unknown = 0, unlabelled = 0;
    for (size_t i = 0; i < count; i++) {
        const struct stack *stack = stack_of(&samples[i]);
        assert_true(samples[i].library[0] != '\0');
        bool is_unknown = stack == stack_unknown();
        if (strcmp(samples[i].library, "-") == 0) {
            unlabelled++;
        } else if (is_unknown) {
            unknown++;
            print_message("unknown: %s (%s)\n", samples[i].name, samples[i].library);
        } else if (is_library(stack, samples[i].library)) {
            right++;
        } else {
            wrong++;
            print_message("WRONG: %s (%s) taken for %s\n", samples[i].name, samples[i].library,
                          stack->id);
        }
        buffer_clear(&samples[i].flight);
    }
    print_message("%zu hellos: %zu right, %zu unknown, %zu wrong, %zu of unknown library\n", count,
                  right, unknown, wrong, unlabelled);
    assert_int_equal(wrong, 0);
    assert_true(right >= 155);
}

static const struct named {
    const char *name, *id;
} named[] = {
    {"chromium_156", "chromium"},   {"firefox_153esr", "firefox"}, {"curl_788_openssl3019", "curl"},
    {"gnutls_cli_379", "gnutls"},   {"wget_1213_gnutls", "wget"},  {"go_119_tls", "go"},
    {"go_119_http", "go"},          {"java_17021", "jsse"},        {"python_311", "python"},
    {"node_2020", "node"},          {"s_client_3019", "openssl"},  {"openssl_350", "openssl"},
    {"android_13_14", "boringssl"}, {"safari_264_all", "apple"},   {"ie_11_win10", "schannel"},
    {"ie_6_xp", "unknown"},         {"yandexbot_30", "unknown"},   {"java_6u45", "unknown"},
};

static void names_program(void **state)
{
    static struct sample samples[SAMPLES];
    const struct named *row = *state;
    size_t count = read_samples(samples), found = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(samples[i].name, row->name) == 0) {
            assert_string_equal(stack_of(&samples[i])->id, row->id);
            found++;
        }
        buffer_clear(&samples[i].flight);
    }
    memset(samples, 0, sizeof(samples));
    assert_int_equal(found, 1);
}

// As measured: stack, version, fault, kind, alert.
static const struct answer {
    const char *name, *id;
    uint16_t version;
    enum stack_fault fault;
    struct reaction want;
} answers[] = {
    {"OpenSSL, unknown CA", "openssl", VERSION_TLS13, STACK_FAULT_UNTRUSTED, {REACTION_ALERT, 48}},
    {"curl, wrong name", "curl", VERSION_TLS13, STACK_FAULT_WRONG_NAME, {REACTION_SILENCE, 0}},
    {"Go, expired", "go", VERSION_TLS12, STACK_FAULT_EXPIRED, {REACTION_ALERT, 42}},
    {"Java, expired", "jsse", VERSION_TLS12, STACK_FAULT_EXPIRED, {REACTION_ALERT, 45}},
    {"Java, not yet valid", "jsse", VERSION_TLS12, STACK_FAULT_NOT_YET_VALID, {REACTION_ALERT, 42}},
    {"Java, expired, TLS 1.3", "jsse", VERSION_TLS13, STACK_FAULT_EXPIRED, {REACTION_ALERT, 46}},
    {"Firefox, self-signed",
     "firefox",
     VERSION_TLS13,
     STACK_FAULT_SELF_SIGNED,
     {REACTION_ALERT, 42}},
    {"Chromium, anything", "chromium", VERSION_TLS13, STACK_FAULT_EXPIRED, {REACTION_ALERT, 46}},
    {"Node below TLS 1.3", "node", VERSION_TLS12, STACK_FAULT_UNTRUSTED, {REACTION_SILENCE, 0}},
    {"Node in TLS 1.3", "node", VERSION_TLS13, STACK_FAULT_UNTRUSTED, {REACTION_CUT, 0}},
    {"wget, any", "wget", VERSION_TLS12, STACK_FAULT_EXPIRED, {REACTION_SILENCE, 0}},
    {"Go takes RSA 1024", "go", VERSION_TLS12, STACK_FAULT_WEAK_KEY, {REACTION_ACCEPTS, 0}},
    {"Apple was not measured",
     "apple",
     VERSION_TLS13,
     STACK_FAULT_UNTRUSTED,
     {REACTION_UNKNOWN, 0}},
};

static void answers_as_measured(void **state)
{
    const struct answer *row = *state;
    const struct stack *stack = stack_find(row->id);
    assert_non_null(stack);
    struct reaction got = stack_reaction(stack, row->version, row->fault);
    assert_int_equal(got.kind, row->want.kind);
    assert_int_equal(got.alert, row->want.alert);
    assert_true(row->want.kind == REACTION_UNKNOWN ||
                stack_may(stack, row->version, row->fault, row->want));
}

static const struct telling {
    const char *name, *id;
    uint8_t alert;
    enum stack_fault fault;
    bool want;
} tellings[] = {
    {"45 of OpenSSL is expired and nothing else", "openssl", 45, STACK_FAULT_EXPIRED, true},
    {"48 of OpenSSL may be self-signed", "openssl", 48, STACK_FAULT_UNTRUSTED, false},
    {"48 of Firefox is an unknown CA", "firefox", 48, STACK_FAULT_UNTRUSTED, true},
    {"42 of Go is anything", "go", 42, STACK_FAULT_EXPIRED, false},
    {"46 of Java is anything in TLS 1.3, an end of validity as well", "jsse", 46,
     STACK_FAULT_EXPIRED, false},
    {"45 of an unknown stack tells nothing", "unknown", 45, STACK_FAULT_EXPIRED, false},
};

static void tells_fault(void **state)
{
    const struct telling *row = *state;
    assert_int_equal(stack_tells(stack_find(row->id), VERSION_TLS13, row->alert, row->fault),
                     row->want);
}

static const struct own {
    const char *name, *id;
    uint16_t version;
    struct reaction seen;
    bool want;
} owns[] = {
    {"curl leaves for a pin without a word", "curl", VERSION_TLS13, {REACTION_SILENCE, 0}, true},
    {"curl's 48 is no pin", "curl", VERSION_TLS13, {REACTION_ALERT, 48}, false},
    {"Go's 42 may be a pin", "go", VERSION_TLS12, {REACTION_ALERT, 42}, true},
    {"Java may cut its alert off", "jsse", VERSION_TLS13, {REACTION_CUT, 0}, true},
    {"Node cuts TLS 1.3", "node", VERSION_TLS13, {REACTION_SILENCE, 0}, false},
    {"Firefox has no pins for midspan", "firefox", VERSION_TLS13, {REACTION_ALERT, 48}, false},
    {"what was not measured may be a pin", "apple", VERSION_TLS13, {REACTION_ALERT, 48}, true},
};

static void own_check_as_measured(void **state)
{
    const struct own *row = *state;
    assert_int_equal(stack_may_own(stack_find(row->id), row->version, row->seen), row->want);
}

static void table_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; stack_at(i) != NULL; i++) {
        assert_ptr_equal(stack_find(stack_at(i)->id), stack_at(i));
        assert_true(stack_at(i)->name[0] != '\0');
    }
    assert_ptr_equal(stack_find("unknown"), stack_unknown());
    assert_null(stack_find("none of them"));
    for (size_t i = 0; server_stack_at(i) != NULL; i++) {
        for (enum server_fault fault = SERVER_FAULT_OLD_OFFER; fault < SERVER_FAULTS; fault++) {
            assert_int_not_equal(server_stack_at(i)->reactions[0][fault].kind, REACTION_UNKNOWN);
        }
    }
}

static void servers_answer_as_measured(void **state)
{
    const struct reaction internal_error = {REACTION_ALERT, 80},
                          decode_error = {REACTION_ALERT, 50};
    size_t at = 0;
    (void)state;
    assert_string_equal(
        server_stack_next(&at, VERSION_TLS12, SERVER_FAULT_OLD_OFFER, internal_error)->id,
        "openssl");
    assert_string_equal(
        server_stack_next(&at, VERSION_TLS12, SERVER_FAULT_OLD_OFFER, internal_error)->id,
        "apache");
    assert_null(server_stack_next(&at, VERSION_TLS12, SERVER_FAULT_OLD_OFFER, internal_error));
    at = 0;
    assert_string_equal(
        server_stack_next(&at, VERSION_TLS12, SERVER_FAULT_NO_CERTIFICATE, decode_error)->id,
        "gnutls");
    at = 0;
    assert_null(server_stack_next(&at, VERSION_TLS13, SERVER_FAULT_NO_CERTIFICATE, decode_error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recognises_real_clients),
        cmocka_unit_test(table_is_sound),
        cmocka_unit_test(servers_answer_as_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(named, names_program) +
           RUN_ROWS(answers, answers_as_measured) + RUN_ROWS(tellings, tells_fault) +
           RUN_ROWS(owns, own_check_as_measured);
}
