#include "pen.h"

#include <string.h>

// One character as the terminal will show it.
struct glyph {
    size_t len;   // bytes of the source
    int columns;  // what it takes when shown as it is
    bool is_safe; // else its bytes are shown as \xNN
};

struct point_range {
    uint32_t first, last;
};

// Characters that are not seen, or that change what is seen around them: controls, soft hyphen,
// zero-width and directional marks, line separators, annotations, tags.
static const struct point_range unsafe_ranges[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x61c, 0x61c},
    {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},
    {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
};

// Characters two columns wide (Unicode's East Asian Width W and F, by block).
static const struct point_range wide_ranges[] = {
    {0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
    {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd},
};

static bool is_in(uint32_t point, const struct point_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

// The length of the sequence that `first` begins, and its own bits (RFC 3629 section 3); 0: none.
static size_t sequence_len(uint8_t first, uint32_t *out_bits)
{
    if (first >= 0xc2 && first <= 0xdf) {
        *out_bits = first & 0x1fu;
        return 2;
    }
    if (first >= 0xe0 && first <= 0xef) {
        *out_bits = first & 0x0fu;
        return 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        *out_bits = first & 0x07u;
        return 4;
    }
    return 0;
}

static struct glyph glyph_at(const char *text)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *bytes = (const uint8_t *)text;
    struct glyph bad = {1, 4, false};
    if (bytes[0] < 0x80) {
        bool is_safe = bytes[0] >= 0x20 && bytes[0] < 0x7f;
        return is_safe ? (struct glyph){1, 1, true} : bad;
    }
    uint32_t point = 0;
    size_t len = sequence_len(bytes[0], &point);
    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xc0) != 0x80) { // the text's NUL is none either
            return bad;
        }
        point = point << 6 | (bytes[i] & 0x3fu);
    }
    bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
    if (len == 0 || point < smallest[len] || point > 0x10ffff || is_surrogate) {
        return bad;
    }
    if (is_in(point, unsafe_ranges, COUNT_OF(unsafe_ranges))) {
        return (struct glyph){len, 4 * (int)len, false};
    }
    return (struct glyph){len, is_in(point, wide_ranges, COUNT_OF(wide_ranges)) ? 2 : 1, true};
}

static void put(struct pen *pen, struct slice bytes)
{
    if (!buffer_append(pen->out, bytes)) {
        pen->failed = true;
    }
}

void pen_style(struct pen *pen, enum style style)
{
    static const char *const codes[] = {
#define XX(name, code) [STYLE_##name] = code,
        STYLE_MAP(XX)
#undef XX
    };
    if (pen->colour) {
        put(pen, slice_of_text(codes[style]));
    }
}

void pen_peer(struct pen *pen, struct slice bytes)
{
    size_t len_before = pen->out->len;
    if (!text_escape(pen->out, bytes)) {
        pen->failed = true;
    }
    pen->column += (int)(pen->out->len - len_before);
}

static void put_glyph(struct pen *pen, const char *at, struct glyph glyph)
{
    struct slice bytes = {(const uint8_t *)at, glyph.len};
    if (glyph.is_safe) {
        put(pen, bytes);
        pen->column += glyph.columns;
        return;
    }
    pen_peer(pen, bytes);
}

void pen_words(struct pen *pen, const char *text)
{
    while (*text != '\0') {
        struct glyph glyph = glyph_at(text);
        put_glyph(pen, text, glyph);
        text += glyph.len;
    }
}

void pen_ours(struct pen *pen, const char *text)
{
    pen_words(pen, text); // ours has nothing to escape
}

void pen_styled(struct pen *pen, enum style style, const char *text)
{
    pen_style(pen, style);
    pen_ours(pen, text);
    pen_style(pen, STYLE_PLAIN);
}

int text_columns(const char *text)
{
    int columns = 0;
    while (*text != '\0') {
        struct glyph glyph = glyph_at(text);
        columns += glyph.columns;
        text += glyph.len;
    }
    return columns;
}

void pen_pad(struct pen *pen, int column)
{
    while (pen->column < column) {
        put(pen, slice_of_text(" "));
        pen->column++;
    }
}

void pen_gap(struct pen *pen, int column)
{
    pen_pad(pen, pen->column + 1);
    pen_pad(pen, column);
}

void pen_line(struct pen *pen)
{
    put(pen, slice_of_text("\n"));
    pen->column = 0;
    pen_pad(pen, pen->indent);
    if (pen->bar != NULL) {
        pen_styled(pen, pen->bar_style, pen->bar);
        pen_pad(pen, pen->column + 1);
    }
}

void pen_end(struct pen *pen)
{
    put(pen, slice_of_text("\n"));
    pen->column = 0;
}

static bool is_blank(char character)
{
    return character == ' ' || character == '\n' || character == '\t';
}

// Is the character at `text` one of `set`, which holds characters of three bytes?
static bool is_one_of(const char *text, struct glyph glyph, const char *set)
{
    for (; glyph.len == 3 && *set != '\0'; set += 3) {
        if (memcmp(text, set, 3) == 0) {
            return true;
        }
    }
    return false;
}

// Japanese breaks lines between any two characters but before these, and after those (JIS X 4051).
#define NOT_FIRST "、。，．・：；？！）］｝」』】〕〉》ー々…ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
#define NOT_LAST  "（［｛「『【〔〈《"

// The length in bytes of the word at `text`: up to a blank, or one wide character with those that
// may not be parted from it.
static size_t word_len(const char *text, int *out_columns)
{
    size_t len = 0;
    int columns = 0;
    bool was_wide = false, holds_next = false;
    while (text[len] != '\0' && !is_blank(text[len])) {
        struct glyph glyph = glyph_at(text + len);
        bool is_wide = glyph.is_safe && glyph.columns == 2;
        bool may_break = len > 0 && (is_wide || was_wide) && !holds_next;
        if (may_break && !is_one_of(text + len, glyph, NOT_FIRST)) {
            break;
        }
        was_wide = is_wide;
        holds_next = is_one_of(text + len, glyph, NOT_LAST);
        len += glyph.len;
        columns += glyph.columns;
    }
    *out_columns = columns;
    return len;
}

size_t text_line_len(const char *text, int columns)
{
    size_t len = 0;
    int used = 0;
    for (;;) {
        size_t blanks = 0;
        while (is_blank(text[len + blanks])) {
            blanks++;
        }
        int word_columns;
        size_t word = word_len(text + len + blanks, &word_columns);
        used += (int)blanks + word_columns;
        bool is_over = used > columns && word_columns <= columns;
        if (word == 0 || (len > 0 && is_over)) {
            return word == 0 ? len + blanks : len;
        }
        len += blanks + word;
    }
}

void pen_wrap(struct pen *pen, int hang, const char *text)
{
    bool is_first = true;
    for (;;) {
        bool has_blank = is_blank(*text);
        while (is_blank(*text)) {
            text++;
        }
        int columns;
        size_t len = word_len(text, &columns);
        if (len == 0) {
            return;
        }
        int blank = has_blank && !is_first ? 1 : 0;
        if (!is_first && pen->column + blank + columns > pen->columns) {
            pen_line(pen);
            pen_pad(pen, hang);
        } else if (blank > 0) {
            pen_pad(pen, pen->column + 1);
        }
        for (const char *end = text + len; text < end;) {
            struct glyph glyph = glyph_at(text);
            put_glyph(pen, text, glyph);
            text += glyph.len;
        }
        is_first = false;
    }
}
