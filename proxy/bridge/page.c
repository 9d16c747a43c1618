#include "page.h"

#include <stdio.h>

#include "html.h"
#include "words.h"

// ---- why it broke

enum word {
    WORD_FIX,
    WORD_CAUSE,
    WORD_PARTY,
    WORD_PHASE,
    WORD_CONFIDENCE,
    WORD_OFFERED,
    WORD_ACCEPTED,
    WORD_BECAUSE,
    WORD_DIRECT,
    WORD_WORKS,
    WORD_FAILS,
    WORD_REFERENCE,
    WORD_PROOF,
    WORD_CHANGED,
    WORD_OUTCOME,
    WORD_MADE_BY,
    WORDS
};

static const char *const words[WORDS][LANGUAGES] = {
    [WORD_FIX] = {"Fix", "修正"},
    [WORD_CAUSE] = {"cause", "原因"},
    [WORD_PARTY] = {"who must act", "対応する側"},
    [WORD_PHASE] = {"broke at", "壊れた所"},
    [WORD_CONFIDENCE] = {"confidence", "確かさ"},
    [WORD_OFFERED] = {"offered", "提示"},
    [WORD_ACCEPTED] = {"accepted", "受け入れ"},
    [WORD_BECAUSE] = {"because", "根拠"},
    [WORD_DIRECT] = {"without midspan", "midspan なしなら"},
    [WORD_WORKS] = {"it would work", "つながる"},
    [WORD_FAILS] = {"it would fail, too", "やはりつながらない"},
    [WORD_REFERENCE] = {"reference", "参照"},
    [WORD_PROOF] = {"Proof", "証明"},
    [WORD_CHANGED] = {"changed", "変えたもの"},
    [WORD_OUTCOME] = {"outcome", "結果"},
    [WORD_MADE_BY] = {"This page was made by midspan on your machine; the origin did not send it.",
                      "このページは、お使いのマシンの midspan が作りました。"
                      "オリジンが送ったものではありません。"},
};

static void row(struct buffer *out, bool *ok, const char *name, const char *value)
{
    if (value != NULL) {
        *ok = *ok && buffer_printf(out, "<dt>%s</dt><dd>", name) && html_text(out, value) &&
              buffer_append_text(out, "</dd>\n");
    }
}

// proof_table shows what was run: what was changed, and what happened then.
static bool proof_table(struct buffer *out, const struct verdict *verdict, enum language language)
{
    if (verdict->proof_count == 0) {
        return true;
    }
    bool ok = buffer_printf(out, "<table><caption>%s</caption><tr><th>%s<th>%s\n",
                            words[WORD_PROOF][language], words[WORD_CHANGED][language],
                            words[WORD_OUTCOME][language]);
    for (size_t i = 0; i < verdict->proof_count && ok; i++) {
        const struct proof_row *proof = &verdict->proof[i];
        ok = buffer_printf(out, "<tr><td>%s ", proof->passed ? "✓" : "✗") &&
             html_text(out, proof->changed) && buffer_append_text(out, "<td>") &&
             html_text(out, proof->outcome) && buffer_append_text(out, "\n");
    }
    return ok && buffer_append_text(out, "</table>");
}

static bool picture(struct buffer *out, const struct verdict *verdict,
                    const struct evidence *evidence, enum language language)
{
    char target[ENDPOINT_TEXT_MAX];
    return buffer_printf(out,
                         "<div class=\"bridge\"><span>%s</span><i class=\"%s\"></i>"
                         "<span>midspan</span><i class=\"%s\"></i><span>",
                         words_in("client", language, NULL), verdict->leg == CLIENT ? "broken" : "",
                         verdict->leg == SERVER ? "broken" : "") &&
           html_text(out, endpoint_text(&evidence->target, target)) &&
           buffer_append_text(out, "</span></div>\n");
}

// What it is and what mends it; the catalogue has no Japanese for what this very connection showed.
static bool story(struct buffer *out, const struct verdict *verdict, enum language language)
{
    const struct cause_text *text = &verdict->cause->text[language];
    bool is_english = language == LANGUAGE_EN;
    bool ok = is_english || (buffer_append_text(out, "<p>") && html_text(out, text->means) &&
                             buffer_append_text(out, "</p>"));
    return ok && buffer_append_text(out, is_english ? "<p>" : "<p class=\"dim\" lang=\"en\">") &&
           html_text(out, verdict->summary) &&
           buffer_printf(out, "</p><p class=\"fix\"><b>%s:</b> ", words[WORD_FIX][language]) &&
           html_text(out, is_english ? verdict->fix : text->fix) && buffer_append_text(out, "</p>");
}

static bool table_of_facts(struct buffer *out, const struct verdict *verdict,
                           enum language language)
{
    bool ok = buffer_append_text(out, "<dl>\n");
    for (size_t i = 0; i < verdict->dialect_count; i++) {
        row(out, &ok, verdict->device, verdict->dialect[i].words);
    }
    row(out, &ok, words[WORD_CAUSE][language], verdict->cause->code);
    row(out, &ok, words[WORD_PARTY][language],
        words_in(party_name(verdict->party), language, NULL));
    row(out, &ok, words[WORD_PHASE][language],
        words_in(phase_name(verdict->phase), language, NULL));
    row(out, &ok, words[WORD_CONFIDENCE][language],
        words_in(confidence_name(verdict->confidence), language, NULL));
    row(out, &ok, words[WORD_OFFERED][language], verdict->offered);
    row(out, &ok, words[WORD_ACCEPTED][language], verdict->accepted);
    for (size_t i = 0; i < COUNT_OF(verdict->facts) && verdict->facts[i] != NULL; i++) {
        row(out, &ok, i == 0 ? words[WORD_BECAUSE][language] : "", verdict->facts[i]);
    }
    if (verdict->direct != DIRECT_UNKNOWN) {
        bool works = verdict->direct == DIRECT_WOULD_SUCCEED;
        row(out, &ok, words[WORD_DIRECT][language],
            words[works ? WORD_WORKS : WORD_FAILS][language]);
    }
    row(out, &ok, words[WORD_REFERENCE][language], verdict->cause->rfc);
    return ok && buffer_append_text(out, "</dl>");
}

bool page_failure(struct buffer *out, const struct verdict *verdict,
                  const struct evidence *evidence, enum language language)
{
    bool has_words = verdict->cause->text[language].title != NULL;
    language = has_words ? language : LANGUAGE_EN;
    const char *title = verdict->cause->text[language].title;
    struct arena arena = {0};
    struct verdict shown = verdict_in(verdict, language, &arena);
    bool ok =
        html_begin(out, title, language == LANGUAGE_JA ? "ja" : "en") &&
        buffer_append_text(out, "<small>midspan</small><h1>") && html_text(out, title) &&
        buffer_append_text(out, "</h1>") && picture(out, verdict, evidence, language) &&
        story(out, verdict, language) && table_of_facts(out, &shown, language) &&
        proof_table(out, &shown, language) &&
        buffer_printf(out, "<p class=\"dim\">#%llu. %s</p>",
                      (unsigned long long)evidence->connection, words[WORD_MADE_BY][language]) &&
        html_end(out);
    arena_clear(&arena);
    return ok;
}

bool page_failure_text(struct buffer *out, const struct verdict *verdict,
                       const struct evidence *evidence)
{
    char target[ENDPOINT_TEXT_MAX];
    bool ok =
        buffer_printf(out, "midspan: the %s leg to %s broke at %s\n\n%s (%s, %s)\n%s\n\nfix: %s\n",
                      side_name(verdict->leg), endpoint_text(&evidence->target, target),
                      phase_name(verdict->phase), verdict->cause->code, party_name(verdict->party),
                      confidence_name(verdict->confidence), verdict->summary, verdict->fix);
    for (size_t i = 0; i < verdict->dialect_count; i++) {
        ok = ok && buffer_printf(out, "     %s: %s\n", verdict->device, verdict->dialect[i].words);
    }
    return ok;
}

// ---- how to trust the authority

// One line a client kind; %s is the proxy's address. What is not typed has no command.
static const struct {
    const char *client, *command, *words;
} how_to[] = {
    {"curl", "curl --proxy http://%s --cacert midspan-ca.pem https://example.com/", NULL},
    {"system store (Debian)", "sudo midspan ca install --system", NULL},
    {"Chromium, Firefox", "midspan ca install --nss", NULL},
    {"a browser for now", "midspan browser", NULL},
    {"Android", NULL,
     "open the DER file, or: Settings, Security, More, Install a certificate, CA certificate"},
    {"iPhone, iPad", NULL,
     "open the DER file; Settings, Profile Downloaded, Install; then General, About, Certificate "
     "Trust Settings"},
    {"git", "git -c http.proxy=http://%s -c http.sslCAInfo=midspan-ca.pem fetch", NULL},
    {"Node", "NODE_EXTRA_CA_CERTS=midspan-ca.pem node app.js", NULL},
    {"Python requests", "REQUESTS_CA_BUNDLE=midspan-ca.pem HTTPS_PROXY=http://%s python3 app.py",
     NULL},
    {"Java",
     "keytool -importcert -alias midspan -file midspan-ca.pem -keystore trust.p12 "
     "-storetype PKCS12",
     NULL},
    {"anything else", "midspan exec -- COMMAND", NULL},
};

static bool how_to_rows(struct buffer *out, const char *address)
{
    char line[512];
    bool ok = true;
    for (size_t i = 0; i < COUNT_OF(how_to) && ok; i++) {
        if (how_to[i].command == NULL) {
            row(out, &ok, how_to[i].client, how_to[i].words);
            continue;
        }
        (void)snprintf(line, sizeof(line), how_to[i].command, address); // our own words: they fit
        ok = buffer_printf(out, "<dt>%s</dt><dd><code>", how_to[i].client) &&
             html_text(out, line) && buffer_append_text(out, "</code></dd>\n");
    }
    return ok;
}

bool page_local(struct buffer *out, const struct authority *ca, const char *proxy_address)
{
    char fingerprint[96];
    return html_begin(out, "midspan", "en") &&
           buffer_append_text(out,
                              "<h1>midspan is listening</h1><p>To look into TLS, a client must "
                              "trust this machine's midspan authority: "
                              "<a href=\"/ca.pem\">PEM</a>, <a href=\"/ca.der\">DER</a>.</p>"
                              "<p class=\"dim\">SHA-256 <code>") &&
           html_text(out, authority_fingerprint(ca, fingerprint)) &&
           buffer_append_text(out, "</code></p><dl>\n") && how_to_rows(out, proxy_address) &&
           buffer_append_text(out, "</dl><p class=\"dim\">The private key is never served.</p>") &&
           html_end(out);
}
