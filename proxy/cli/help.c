#include "help.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <uv.h>

#include "terminal.h"

#define NAME_COLUMNS 30 // what an option and its value take before the help text begins
#define COLUMNS_MIN  60
#define COLUMNS_MAX  100

// Appends are not checked one by one: a help text is bounded, and where memory is out there is
// nothing better to print.
static void append(struct buffer *out, const char *text)
{
    (void)buffer_append_text(out, text);
}

static void append_blanks(struct buffer *out, size_t count)
{
    (void)buffer_printf(out, "%*s", (int)count, "");
}

// Appends `text` word by word; a word that would pass `columns` begins a line at `indent`. The
// cursor stands at `indent` when it begins.
static void append_wrapped(struct buffer *out, const char *text, size_t indent, size_t columns)
{
    size_t at = indent;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (at > indent && at + 1 + len > columns) {
            append(out, "\n");
            append_blanks(out, indent);
            at = indent;
        } else if (at > indent) {
            append(out, " ");
            at++;
        }
        (void)buffer_printf(out, "%.*s", (int)len, text);
        at += len;
        text += len;
        text += strspn(text, " ");
    }
    append(out, "\n");
}

// One row of two columns: what to write, and what it does.
static void append_row(struct buffer *out, const char *left, const char *right, size_t left_columns,
                       size_t columns)
{
    (void)buffer_printf(out, "  %-*s", (int)left_columns - 2, left);
    if (strlen(left) + 4 > left_columns) {
        append(out, "\n");
        append_blanks(out, left_columns);
    }
    append_wrapped(out, right, left_columns, columns);
}

static size_t usable_columns(int columns)
{
    if (columns < COLUMNS_MIN) {
        return COLUMNS_MIN;
    }
    return columns > COLUMNS_MAX ? COLUMNS_MAX : (size_t)columns;
}

void help_overview(struct buffer *out, int columns)
{
    append(out, "midspan stands in the middle of a TLS connection and says which leg broke, and "
                "why.\n\n"
                "usage: midspan [proxy] [OPTIONS]      the proxy, on 127.0.0.1:8080\n"
                "       midspan COMMAND [OPTIONS] …\n\ncommands:\n");
    for (size_t i = 0; command_at(i) != NULL; i++) {
        append_row(out, command_at(i)->name, command_at(i)->summary, 12, usable_columns(columns));
    }
    append(out, "\n'midspan help COMMAND' tells all about one, 'midspan help legs' what a leg can "
                "be told.\n\n"
                "first steps:\n"
                "  midspan exec -- curl https://example.com/     one command through midspan\n"
                "  midspan browser https://example.com/          a browser, nothing left behind\n"
                "  midspan                                       a proxy for anything else\n\n"
                "exit codes: 0 fine, 1 the thing asked about fails, 2 wrong use,\n"
                "            3 midspan itself failed\n");
}

static void append_option(struct buffer *out, const struct option_key *key, size_t columns)
{
    char left[128];
    (void)snprintf(left, sizeof(left), key->value != NULL ? "--%s %s" : "--%s", key->name,
                   key->value); // fits: names and values are words
    append_row(out, left, key->help, NAME_COLUMNS, columns);
}

void help_command(struct buffer *out, const struct command *command, int columns)
{
    (void)buffer_printf(out, "usage: midspan %s %s\n\n%s", command->name, command->usage,
                        command->about);
    bool is_first = true;
    for (size_t i = 0; command_option(command, i) != NULL; i++) {
        append(out, is_first ? "\noptions:\n" : "");
        append_option(out, command_option(command, i), usable_columns(columns));
        is_first = false;
    }
    if (command->takes_settings) {
        append(out, "\n'midspan help legs' lists the keys of --client-leg and --server-leg.\n");
    }
}

void help_legs(struct buffer *out, int columns)
{
    append(out, "usage: --client-leg KEY=VALUE[,KEY=VALUE…]   midspan as the TLS server of the "
                "client\n"
                "       --server-leg KEY=VALUE[,KEY=VALUE…]   midspan as the TLS client of the "
                "origin\n\n"
                "Lists use ':'. For example:\n"
                "  --server-leg max=TLS1.2,ciphers=ECDHE-RSA-AES128-GCM-SHA256,sni=none\n\n"
                "keys:\n");
    for (size_t i = 0; leg_key_at(i) != NULL; i++) {
        const struct leg_key *key = leg_key_at(i);
        char left[128];
        (void)snprintf(left, sizeof(left), "%s=%s", key->name, key->value); // fits: words
        append_row(out, left, key->help, NAME_COLUMNS, usable_columns(columns));
    }
}

static void print(struct buffer *text)
{
    const char *content = buffer_text(text);
    (void)fputs(content != NULL ? content : "", stdout); // a reader who left wants no more
    buffer_clear(text);
}

void help_print_overview(void)
{
    struct buffer text = {0};
    help_overview(&text, terminal_of(STDOUT_FILENO).columns);
    print(&text);
}

void help_print_command(const struct command *command)
{
    struct buffer text = {0};
    help_command(&text, command, terminal_of(STDOUT_FILENO).columns);
    print(&text);
}

void help_print_legs(void)
{
    struct buffer text = {0};
    help_legs(&text, terminal_of(STDOUT_FILENO).columns);
    print(&text);
}

void help_print_version(void)
{
    (void)printf("midspan %s\n%s, libuv %s\n", MIDSPAN_VERSION, OpenSSL_version(OPENSSL_VERSION),
                 uv_version_string());
}
