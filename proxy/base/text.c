#include "text.h"

#include <string.h>
#include <strings.h>

static const char hex_digits[] = "0123456789abcdef";

bool text_escape(struct buffer *out, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.data[i];
        bool fits;
        if (byte == '\\') {
            fits = buffer_append_text(out, "\\\\");
        } else if (byte >= 0x20 && byte < 0x7f) {
            fits = buffer_append_byte(out, byte);
        } else {
            char escape[5] = {'\\', 'x', hex_digits[byte >> 4], hex_digits[byte & 15], '\0'};
            fits = buffer_append_text(out, escape);
        }
        if (!fits) {
            return false;
        }
    }
    return true;
}

bool text_hex(struct buffer *out, struct slice bytes)
{
    uint8_t *place = buffer_reserve(out, 2 * bytes.len);
    if (place == NULL) {
        return bytes.len == 0;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        place[2 * i] = (uint8_t)hex_digits[bytes.data[i] >> 4];
        place[2 * i + 1] = (uint8_t)hex_digits[bytes.data[i] & 15];
    }
    buffer_commit(out, 2 * bytes.len);
    return true;
}

static int digit_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

bool text_unhex(struct buffer *out, struct slice digits)
{
    size_t len_before = out->len;
    for (size_t i = 0; i < digits.len;) {
        if (digits.data[i] == ' ' || digits.data[i] == '\n') {
            i++;
            continue;
        }
        int high = digit_value(digits.data[i]);
        int low = i + 1 < digits.len ? digit_value(digits.data[i + 1]) : -1;
        if (high < 0 || low < 0 || !buffer_append_byte(out, (uint8_t)(high << 4 | low))) {
            out->len = len_before;
            return false;
        }
        i += 2;
    }
    return true;
}

bool text_uint(struct slice digits, uint64_t max, uint64_t *out_value)
{
    uint64_t value = 0;
    if (digits.len == 0) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return false;
        }
        uint64_t digit = digits.data[i] - (uint64_t)'0';
        if (digit > max || value > (max - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out_value = value;
    return true;
}

bool text_duration_ms(const char *text, bool is_signed, int64_t *out_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    int64_t sign = 1;
    if (is_signed && (*text == '+' || *text == '-')) {
        sign = *text == '-' ? -1 : 1;
        text++;
    }
    size_t digits = strspn(text, "0123456789");
    uint64_t value;
    if (!text_uint((struct slice){(const uint8_t *)text, digits}, 1000000000, &value)) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (strcmp(text + digits, units[i].unit) == 0) {
            *out_ms = sign * (int64_t)value * units[i].ms;
            return true;
        }
    }
    return false;
}

void text_lower(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z') {
            *text = (char)(*text - 'A' + 'a');
        }
    }
}

bool text_matches(const char *host, const char *pattern)
{
    if (strcmp(pattern, "*") == 0 || strcasecmp(host, pattern) == 0) {
        return true;
    }
    if (strncmp(pattern, "*.", 2) != 0) {
        return false;
    }
    size_t host_len = strlen(host);
    size_t tail_len = strlen(pattern + 1);
    return host_len > tail_len && strcasecmp(host + host_len - tail_len, pattern + 1) == 0;
}
