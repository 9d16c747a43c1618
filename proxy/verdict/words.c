#include "words.h"

#include <ctype.h>
#include <string.h>

#include "buffer.h"

// From words.yaml by scripts/gen_words.py, the rows with most letters of their own first: the first
// that fits is the closest.
static const struct words_row rows[] = {
#include "words.inc"
};

const struct words_row *words_at(size_t i)
{
    return i < sizeof(rows) / sizeof(rows[0]) ? &rows[i] : NULL;
}

struct places {
    struct slice items[WORDS_PLACES_MAX];
    size_t count;
};

// piece_of gives the letters of `format` up to the next place, or to the end.
static struct slice piece_of(const char *format)
{
    return (struct slice){(const uint8_t *)format, strcspn(format, "%")};
}

// past_place gives what follows "%s", "%zu" and the like; *out_kind is its last letter.
static const char *past_place(const char *format, char *out_kind)
{
    format += 1 + strspn(format + 1, "-+ #0123456789.*lhzj");
    *out_kind = *format;
    return format + 1;
}

static bool is_number(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!isdigit(text.data[i])) {
            return false;
        }
    }
    return text.len > 0;
}

// is_of_kind: %s is any text, %S one that is no list, all others are numbers.
static bool is_of_kind(struct slice text, char kind)
{
    switch (kind) {
    case 's':
        return true;
    case 'S':
        return memmem(text.data, text.len, "; ", 2) == NULL;
    default:
        return is_number(text);
    }
}

static const char *find(const char *text, struct slice piece)
{
    return memmem(text, strlen(text), piece.data, piece.len);
}

// fits reads `text` as printf wrote it from `format`. Each place ends where the piece behind it
// comes first, the last one where the text's end is that piece: one way through, whatever the text.
static bool fits(const char *format, const char *text, struct places *out)
{
    struct slice piece = piece_of(format);
    *out = (struct places){0};
    if (strncmp(text, (const char *)piece.data, piece.len) != 0) {
        return false;
    }
    text += piece.len;
    format += piece.len;
    while (*format == '%') {
        char kind;
        format = past_place(format, &kind);
        piece = piece_of(format);
        format += piece.len;
        const char *end = find(text, piece);
        if (*format == '\0') { // the last place
            size_t rest = strlen(text);
            bool ends_so =
                rest >= piece.len && memcmp(text + rest - piece.len, piece.data, piece.len) == 0;
            end = ends_so ? text + rest - piece.len : NULL;
        }
        if (end == NULL || out->count == WORDS_PLACES_MAX) {
            return false;
        }
        struct slice item = {(const uint8_t *)text, (size_t)(end - text)};
        if (!is_of_kind(item, kind)) {
            return false;
        }
        out->items[out->count++] = item;
        text = end + piece.len;
    }
    return *text == '\0';
}

// One text on its way into another language.
struct saying {
    struct arena *arena;
    size_t parts; // looked at so far: a peer's text may fit rows in more ways than can be tried
};

static const char *say(struct saying *saying, const char *text, int depth);

// append_place: '}' as it is, '~' said again, '!' likewise, and false where it has no row.
static bool append_place(struct saying *saying, struct buffer *out, struct slice item, char how,
                         int depth)
{
    if (how == '}') {
        return buffer_append(out, item);
    }
    const char *text = arena_text(saying->arena, item);
    const char *said = text != NULL ? say(saying, text, depth + 1) : NULL;
    return said != NULL && (how == '~' || said != text) && buffer_append_text(out, said);
}

// fill gives NULL when a place that must has no row, and when memory is out.
static const char *fill(struct saying *saying, const char *japanese, const struct places *places,
                        int depth)
{
    struct buffer out = {0};
    bool ok = true;
    while (*japanese != '\0' && ok) {
        size_t len = strcspn(japanese, "{");
        ok = buffer_append(&out, (struct slice){(const uint8_t *)japanese, len});
        japanese += len;
        if (*japanese == '{') {
            size_t i = (size_t)(japanese[1] - '1'); // the generator has seen to that
            ok = ok && i < places->count &&
                 append_place(saying, &out, places->items[i], japanese[2], depth);
            japanese += japanese[2] == '}' ? 3 : 4;
        }
    }
    const char *text = ok ? arena_text(saying->arena, buffer_slice(&out)) : NULL;
    buffer_clear(&out);
    return text;
}

static const char *say(struct saying *saying, const char *text, int depth)
{
    struct places places;
    if (depth >= WORDS_DEPTH_MAX || ++saying->parts > WORDS_PARTS_MAX) {
        return text;
    }
    for (const struct words_row *row = rows; row < rows + sizeof(rows) / sizeof(rows[0]); row++) {
        if (!fits(row->english, text, &places)) {
            continue;
        }
        if (places.count == 0) {
            return row->japanese;
        }
        const char *filled =
            saying->arena != NULL ? fill(saying, row->japanese, &places, depth) : NULL;
        if (filled != NULL) {
            return filled;
        }
    }
    return text;
}

const char *words_in(const char *text, enum language language, struct arena *arena)
{
    struct saying saying = {.arena = arena};
    switch (language) {
    case LANGUAGE_JA:
        return text != NULL ? say(&saying, text, 0) : NULL;
    case LANGUAGE_EN:
    case LANGUAGES:
        break;
    }
    return text;
}

struct proof_row proof_row_in(const struct proof_row *row, enum language language,
                              struct arena *arena)
{
    struct proof_row shown = *row;
    shown.changed = words_in(row->changed, language, arena);
    shown.outcome = words_in(row->outcome, language, arena);
    return shown;
}

// or_catalogue: what has no row is the catalogue's to say.
static const char *or_catalogue(const char *said, const char *text, const char *catalogue)
{
    return said == text && catalogue != NULL ? catalogue : said;
}

struct verdict verdict_in(const struct verdict *verdict, enum language language,
                          struct arena *arena)
{
    struct verdict shown = *verdict;
    if (language == LANGUAGE_EN) {
        return shown;
    }
    const struct cause_text *text = &verdict->cause->text[language];
    shown.summary = or_catalogue(words_in(verdict->summary, language, arena), verdict->summary,
                                 verdict->severity == SEVERITY_ERROR
                                     ? arena_printf(arena, "%s：%s", text->title, text->means)
                                     : text->title);
    shown.fix = or_catalogue(words_in(verdict->fix, language, arena), verdict->fix, text->fix);
    shown.offered = words_in(verdict->offered, language, arena);
    shown.accepted = words_in(verdict->accepted, language, arena);
    for (size_t i = 0; i < COUNT_OF(verdict->facts) && verdict->facts[i] != NULL; i++) {
        shown.facts[i] = words_in(verdict->facts[i], language, arena);
    }
    for (size_t i = 0; i < verdict->proof_count; i++) {
        shown.proof[i] = proof_row_in(&verdict->proof[i], language, arena);
    }
    return shown;
}
