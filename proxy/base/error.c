#include "error.h"

#include <stdarg.h>
#include <stdio.h>

bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
    if (error == NULL) {
        return false;
    }
    error->kind = kind;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof(error->text), format, arguments); // cut by contract
    va_end(arguments);
    return false;
}
