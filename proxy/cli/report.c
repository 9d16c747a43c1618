#include "report.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

// make_safe takes out what steers a terminal: an error may quote a file from anywhere.
static void make_safe(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        uint8_t byte = (uint8_t)at[0], next = (uint8_t)at[1];
        bool is_control = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
        bool is_c1 = byte == 0xc2 && next >= 0x80 && next < 0xa0; // U+0080…U+009F
        if (is_control || is_c1) {
            at[0] = '?';
        }
        if (is_c1) {
            at[1] = '?';
        }
    }
}

void report(const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments); // longer than any error: cut
    va_end(arguments);
    make_safe(text);
    (void)fprintf(stderr, "midspan: %s\n", text); // nobody is left to tell if this fails
}

enum outcome report_error(const struct error *error)
{
    report("%s", error->text);
    switch (error->kind) {
    case ERROR_USAGE:
    case ERROR_CONFIG:
        return OUTCOME_USAGE;
    case ERROR_FILE:
    case ERROR_NETWORK:
    case ERROR_CRYPTO:
    case ERROR_MEMORY:
        return OUTCOME_OURS;
    }
    return OUTCOME_OURS;
}
