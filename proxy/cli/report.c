#include "report.h"

#include <stdarg.h>
#include <stdio.h>

void report(const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments); // longer than any error: cut
    va_end(arguments);
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
