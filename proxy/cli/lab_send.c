// midspan lab send: the hello of a client preset, for real, to a server; and what came.
#include <stdio.h>

#include "fingerprint.h"
#include "hello_send.h"
#include "lab_session.h"
#include "preset_hello.h"
#include "reach.h"
#include "sheet.h"
#include "words.h"

static int print(const struct lab_session *lab, const struct preset_hello *client,
                 const struct reached *reached, const struct hello_sent *sent)
{
    struct sheet sheet;
    char text[512], fingerprint[JA4_MAX];
    struct arena arena = {0};
    sheet_open(&sheet);
    (void)snprintf(text, sizeof(text), "%s (%s)", client->preset->title, client->preset->name);
    sheet_label(&sheet, lab_say(lab, "client", "クライアント"), text);
    sheet_label(&sheet, lab_say(lab, "to", "送信先"), reached->text);
    (void)snprintf(
        text, sizeof(text),
        lab_say(lab, "ClientHello, %zu bytes, JA4 %s", "ClientHello, %zu バイト, JA4 %s"),
        sent->hello_len, ja4(&client->hello, fingerprint)); // fits
    sheet_label(&sheet, lab_say(lab, "sent", "送信"), text);
    (void)snprintf(text, sizeof(text), "%s, %.1f ms",
                   words_in(sent->outcome, lab->language, &arena), sent->ms); // cut when it is long
    sheet_label(&sheet, lab_say(lab, "came", "応答"), text);
    arena_clear(&arena);
    return sheet_print(&sheet, sent->is_answered ? OUTCOME_FINE : OUTCOME_FAILS);
}

static int send_to(const struct lab_session *lab, const struct preset_hello *client,
                   const struct endpoint *where)
{
    struct reached reached;
    struct hello_sent sent;
    struct error error;
    const char *cause;
    if (!reach(where, &reached, &cause, &error)) {
        report("%s: %s", cause, error.text);
        return OUTCOME_FAILS;
    }
    if (!hello_send(&client->hello, where->is_ip ? NULL : where->host,
                    (const struct sockaddr *)&reached.address, &sent, &error)) {
        return (int)report_error(&error);
    }
    return print(lab, client, &reached, &sent);
}

int lab_send(struct lab_session *lab)
{
    struct preset_hello client = {0};
    struct endpoint where;
    struct error error;
    const char *const *operands = lab->invocation->operands;
    if (!endpoint_parse(slice_of_text(operands[2]), 443, "HOST:PORT", &where, &error) ||
        !preset_hello_find(&client, operands[1], &error)) {
        return (int)report_error(&error);
    }
    int code = send_to(lab, &client, &where);
    preset_hello_clear(&client);
    return code;
}
