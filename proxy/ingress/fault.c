#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool fault_set(struct fault *fault, int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fault->status = status;
    (void)vsnprintf(fault->text, sizeof(fault->text), format, arguments); // cut, as promised
    va_end(arguments);
    return false;
}

const char *fault_quote(struct slice bytes, char out_text[FAULT_QUOTE_MAX])
{
    struct buffer escaped = {0};
    (void)text_escape(&escaped, slice_part(bytes, 0, FAULT_QUOTE_BYTES_MAX)); // else empty
    const char *text = buffer_text(&escaped);
    (void)snprintf(out_text, FAULT_QUOTE_MAX, "%s%s", text != NULL ? text : "",
                   bytes.len > FAULT_QUOTE_BYTES_MAX ? "..." : ""); // fits by FAULT_QUOTE_MAX
    buffer_clear(&escaped);
    return out_text;
}
