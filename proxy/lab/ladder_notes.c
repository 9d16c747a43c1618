#include "ladder_notes.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "wire.h"

const char *ladder_say(const struct ladder_making *making, const char *english,
                       const char *japanese)
{
    return making->language == LANGUAGE_JA ? japanese : english;
}

// ---- texts

const char *ladder_text_or(const char *text, const char *other)
{
    return text != NULL ? text : other;
}

const char *ladder_printable(struct ladder_making *making, struct slice bytes)
{
    struct buffer text = {0};
    const char *copy = NULL;
    if (text_escape(&text, bytes)) {
        copy = arena_text(making->arena, buffer_slice(&text));
    }
    buffer_clear(&text);
    return ladder_text_or(copy, "");
}

void ladder_note(struct ladder_row *row, const char *text)
{
    for (size_t i = 0; i < LADDER_NOTES_MAX && text != NULL && text[0] != '\0'; i++) {
        if (row->notes[i] == NULL) {
            row->notes[i] = text;
            return;
        }
    }
}

static const char *names_text(struct ladder_making *making, struct slice alpn)
{
    struct buffer text = {0};
    struct slice name;
    for (size_t at = 0; alpn_next(alpn, &at, &name);) {
        (void)(buffer_append_text(&text, text.len > 0 ? ", " : "") && text_escape(&text, name));
    }
    const char *copy = arena_text(making->arena, buffer_slice(&text));
    buffer_clear(&text);
    return ladder_text_or(copy, "");
}

// ---- hellos

static const char *versions_text(struct ladder_making *making, const struct client_hello *hello)
{
    uint16_t low = 0, high = 0;
    for (uint16_t version = VERSION_SSL30; version <= VERSION_TLS13; version++) {
        if (client_hello_offers_version(hello, version)) {
            low = low == 0 ? version : low;
            high = version;
        }
    }
    if (high == 0) {
        return ladder_say(making, "no version", "バージョンなし");
    }
    // Without supported_versions only the highest is said.
    if (!hello->has_versions) {
        return ladder_text_or(arena_printf(making->arena, ladder_say(making, "up to %s", "%s まで"),
                                           version_name(high)),
                              "");
    }
    if (low == high) {
        return version_name(high);
    }
    return ladder_text_or(arena_printf(making->arena, ladder_say(making, "%s to %s", "%s～%s"),
                                       version_name(low), version_name(high)),
                          "");
}

static size_t suite_count(const struct client_hello *hello)
{
    size_t count = 0;
    for (size_t at = 0; at + 1 < hello->cipher_suites.len; at += 2) {
        uint16_t id =
            (uint16_t)(hello->cipher_suites.data[at] << 8 | hello->cipher_suites.data[at + 1]);
        const struct suite *suite = suite_find(id);
        count += !is_grease(id) && (suite == NULL || suite->class != SUITE_SIGNALLING);
    }
    return count;
}

static const char *suites_text(struct ladder_making *making, const struct client_hello *hello)
{
    size_t count = suite_count(hello);
    if (count == 1) {
        for (size_t at = 0; at + 1 < hello->cipher_suites.len; at += 2) {
            uint16_t id =
                (uint16_t)(hello->cipher_suites.data[at] << 8 | hello->cipher_suites.data[at + 1]);
            const struct suite *suite = suite_find(id);
            if (!is_grease(id) && (suite == NULL || suite->class != SUITE_SIGNALLING)) {
                return suite_name(id);
            }
        }
    }
    return ladder_text_or(arena_printf(making->arena,
                                       ladder_say(making, "%zu cipher suites", "スイート %zu 個"),
                                       count),
                          "");
}

// few_text names the entries of a list when they are few, else counts them: a list that was cut to
// one shows by that.
static const char *few_text(struct ladder_making *making, struct slice list,
                            const char *(*name_of)(uint16_t id), const char *what, const char *many)
{
    const char *names[] = {"", ""};
    size_t count = 0;
    for (size_t i = 0; i < list.len / 2; i++) {
        uint16_t id = slice_u16_at(list, i);
        if (is_grease(id)) {
            continue;
        }
        if (count < COUNT_OF(names)) {
            names[count] = name_of(id);
        }
        count++;
    }
    const char *text = count > COUNT_OF(names)
                           ? arena_printf(making->arena, many, count)
                           : arena_printf(making->arena, "%s %s%s%s", what, names[0],
                                          count > 1 ? ", " : "", names[1]);
    return ladder_text_or(text, "");
}

// What else has to meet, beside versions and suites, in one line.
static void note_lists(struct ladder_making *making, struct ladder_row *row,
                       const struct client_hello *hello)
{
    const char *groups =
        few_text(making, hello->groups, group_name, ladder_say(making, "group", "グループ"),
                 ladder_say(making, "%zu groups", "グループ %zu 個"));
    const char *schemes =
        few_text(making, hello->schemes, scheme_name, ladder_say(making, "signature", "署名方式"),
                 ladder_say(making, "%zu signature schemes", "署名方式 %zu 個"));
    bool has_both = hello->has_groups && hello->has_schemes;
    ladder_note(row, arena_printf(making->arena, "%s%s%s", hello->has_groups ? groups : "",
                                  has_both ? ", " : "", hello->has_schemes ? schemes : ""));
}

void ladder_note_client_hello(struct ladder_making *making, struct ladder_row *row,
                              struct slice message, bool is_sslv2)
{
    struct client_hello hello;
    size_t at;
    if (is_sslv2) {
        ladder_note(row, ladder_say(making, "in the format of SSL 2.0", "SSL 2.0 の形式"));
        return;
    }
    if (message.len == 0 || client_hello_parse(message, &hello, &at) != PARSE_OK) {
        ladder_note(row, ladder_say(making, "cannot be read", "解読できない"));
        return;
    }
    ladder_note(row, arena_printf(making->arena, "%s, %s", versions_text(making, &hello),
                                  suites_text(making, &hello)));
    ladder_note(row, hello.has_sni ? arena_printf(making->arena, "SNI %s",
                                                  ladder_printable(making, hello.sni))
                                   : ladder_say(making, "no SNI", "SNI なし"));
    if (hello.has_alpn) {
        ladder_note(row, arena_printf(making->arena, "ALPN %s", names_text(making, hello.alpn)));
    }
    note_lists(making, row, &hello);
}

void ladder_note_server_hello(struct ladder_making *making, struct ladder_row *row,
                              struct slice message, const struct leg_evidence *leg)
{
    struct server_hello hello;
    size_t at;
    if (message.len == 0 || server_hello_parse(message, &hello, &at) != PARSE_OK) {
        ladder_note(row, ladder_say(making, "cannot be read", "解読できない"));
        return;
    }
    ladder_note(row, arena_printf(making->arena, "%s, %s", version_name(hello.version),
                                  suite_name(hello.cipher_suite)));
    uint16_t group = hello.group != 0 ? hello.group : leg->group;
    if (group != 0) {
        ladder_note(row,
                    arena_printf(making->arena,
                                 hello.is_retry
                                     ? ladder_say(making, "asks for group %s", "グループ %s を要求")
                                     : ladder_say(making, "group %s", "グループ %s"),
                                 group_name(group)));
    }
}

// names_line writes the first names of a certificate.
static const char *names_line(struct ladder_making *making, const struct cert_facts *leaf)
{
    struct buffer text = {0};
    for (size_t i = 0; i < leaf->name_count && i < 3; i++) {
        const char *colon = strchr(leaf->names[i], ':'); // "dns:…", "ip:…"
        (void)(buffer_append_text(&text, i > 0 ? ", " : "") &&
               text_escape(&text, slice_of_text(colon != NULL ? colon + 1 : leaf->names[i])));
    }
    const char *copy =
        leaf->name_count > 0
            ? arena_printf(making->arena, ladder_say(making, "names: %s%s", "名前 %s%s"),
                           buffer_text(&text), leaf->name_total > 3 ? ", ..." : "")
            : ladder_say(making, "no names", "名前なし");
    buffer_clear(&text);
    return copy;
}

static void note_fault(struct ladder_row *row, const char *text)
{
    ladder_note(row, text);
    row->fault_note = text;
}

// What verification found in the leaf is marked, where it is something to be seen in it.
void ladder_note_certificate(struct ladder_making *making, struct ladder_row *row,
                             const struct leg_evidence *leg)
{
    char date[CLOCK_TEXT_MAX];
    if (leg->chain_count == 0) {
        return;
    }
    const struct cert_facts *leaf = &leg->chain[0];
    uint32_t faults = leg->verification.done ? leg->verification.faults : 0;
    bool is_leafs = leg->verification.depth == 0;
    const char *subject = leaf->common_name != NULL ? leaf->common_name : leaf->subject;
    ladder_note(row, arena_printf(making->arena, "%s, %s",
                                  ladder_printable(making, slice_of_text(subject)), leaf->key));
    const char *by = arena_printf(making->arena, ladder_say(making, "by %s", "発行者 %s"),
                                  ladder_printable(making, slice_of_text(leaf->issuer)));
    ladder_note(row, by);
    const uint32_t issuers = 1u << CERT_FAULT_SELF_SIGNED | 1u << CERT_FAULT_UNTRUSTED_ROOT |
                             1u << CERT_FAULT_CHAIN_INCOMPLETE |
                             1u << CERT_FAULT_SELF_SIGNED_REPLACED;
    row->fault_note = (faults & issuers) != 0 ? by : NULL;
    if ((faults & (1u << CERT_FAULT_HOSTNAME | 1u << CERT_FAULT_NO_SAN)) != 0) {
        note_fault(row, names_line(making, leaf));
    }
    if ((faults & 1u << CERT_FAULT_NOT_YET_VALID) != 0 && is_leafs) {
        note_fault(row, arena_printf(making->arena, ladder_say(making, "from %s", "有効開始 %s"),
                                     clock_date(leaf->not_before_us, date)));
        return;
    }
    const char *until = arena_printf(making->arena, ladder_say(making, "until %s", "有効期限 %s"),
                                     clock_date(leaf->not_after_us, date));
    ladder_note(row, until);
    row->fault_note =
        (faults & 1u << CERT_FAULT_EXPIRED) != 0 && is_leafs ? until : row->fault_note;
}
