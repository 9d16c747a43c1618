// A case played with real TLS on loopback: what the client gets, what the bridge says of it.
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "trial.h"

#define SPEECH "{en: word, ja: 言葉}"
#define HEAD \
    "title: " SPEECH "\nlesson: sni\nstory: " SPEECH "\ntask: " SPEECH "\nanswer: " SPEECH "\n"
#define FIX "fix: {text: " SPEECH ", party: server"

static const struct row {
    const char *name, *text;
    enum lab_client_end want_end;
    int want_status;
    const char *want_why; // when it is not what was expected; NULL: it is
} rows[] = {
    {"an expired certificate, and the page that explains it",
     HEAD "origin: {chain: {recipe: expired}}\n"
          "expect: {leg: server, cause: cert.expired, party: server}\n" FIX
          ", origin: {chain: {recipe: good}}}\n",
     LAB_CLIENT_SERVED, 502, NULL},
    {"the same with an alert for the client",
     HEAD "origin: {chain: {recipe: expired}}\nbridge: {on-failure: alert}\n"
          "expect: {leg: server, cause: cert.expired}\n" FIX ", origin: {chain: {recipe: good}}}\n",
     LAB_CLIENT_BROKEN, 0, NULL},
    {"the same with a reset",
     HEAD "origin: {chain: {recipe: expired}}\nbridge: {on-failure: reset}\n"
          "expect: {leg: server, cause: cert.expired}\n" FIX ", origin: {chain: {recipe: good}}}\n",
     LAB_CLIENT_BROKEN, 0, NULL},
    {"a client that trusts nobody, and says so",
     HEAD "client: {trusts: nobody}\n"
          "expect: {leg: client, cause: trust.client-rejects-bridge-ca}\n" FIX
          ", client: {trusts: bridge}}\n",
     LAB_CLIENT_REFUSED, 0, NULL},
    {"a client that trusts nobody, and leaves without a word",
     HEAD "client: {preset: node-2020, trusts: nobody, refuses: silent}\n"
          "expect: {leg: client, cause: trust.client-rejects-bridge-ca}\n" FIX
          ", client: {trusts: bridge}}\n",
     LAB_CLIENT_REFUSED, 0, NULL},
    {"HTTP/2 on both legs",
     HEAD "origin: {policy: {alpn: [h2]}}\nclient: {policy: {alpn: [h2, http/1.1]}}\n"
          "expect: {leg: server, cause: cert.expired}\n" FIX "}\n",
     LAB_CLIENT_SERVED, 200,
     "expected cert.expired, server leg; no verdict, client: a whole answer, status 200"},
    {"HTTP/2, and a name that the connection is not for",
     HEAD "origin: {policy: {alpn: [h2]}, http: {check-host: yes}}\n"
          "client: {host: other.midspan.test, policy: {alpn: [h2]}}\n"
          "expect: {leg: server, cause: sni.misdirected}\n" FIX
          ", client: {host: site.midspan.test}}\n",
     LAB_CLIENT_SERVED, 421, NULL},
    {"an answer without its end, to a client that minds",
     HEAD "origin: {http: {end: fin}}\nclient: {wants-close-notify: on}\n"
          "expect: {client: cut}\n" FIX ", origin: {http: {end: close-notify}}}\n",
     LAB_CLIENT_CUT, 200, NULL},
    {"a client that sends GREASE, passed on to a server that minds",
     HEAD "origin: {quirk: grease-intolerant}\nbridge: {pass: on}\n"
          "client: {grease: on, trusts: origin}\n"
          "expect: {leg: server, cause: hello.intolerant}\n" FIX ", origin: {quirk: none}}\n",
     LAB_CLIENT_BROKEN, 0, NULL},
    {"a client without extended_master_secret, passed on to a server that wants it",
     HEAD "origin: {quirk: ems-required, policy: {max: TLS1.2}}\nbridge: {pass: on}\n"
          "client: {ems: off, trusts: origin, policy: {max: TLS1.2}}\n"
          "expect: {leg: server, cause: protocol.ems-required}\n" FIX ", client: {ems: on}}\n",
     LAB_CLIENT_BROKEN, 0, NULL},
    {"a client that wants the staple that a certificate promises",
     HEAD "origin: {chain: {recipe: must-staple}}\nbridge: {pass: on}\n"
          "client: {wants-must-staple: on, trusts: origin}\nexpect: {client: refused}\n" FIX
          ", origin: {chain: {recipe: must-staple-stapled}}}\n",
     LAB_CLIENT_REFUSED, 0, NULL},
    {"a client that comes back with the ticket of another node",
     HEAD "origin: {quirk: ticket-keys-fail}\nbridge: {pass: on}\n"
          "client: {resumes: on, visits: 2, trusts: origin}\nexpect: {client: broken}\n" FIX
          ", client: {visits: 3}}\n",
     LAB_CLIENT_BROKEN, 0, NULL},
    {"a client that comes back without one",
     HEAD "origin: {quirk: ticket-keys-fail}\nbridge: {pass: on}\n"
          "client: {visits: 2, trusts: origin}\nexpect: {client: broken}\n" FIX "}\n",
     LAB_CLIENT_SERVED, 200,
     "expected the client's end broken; no verdict, client: a whole answer, status 200"},
    {"a client's end that is not the one expected", HEAD "expect: {client: cut}\n" FIX "}\n",
     LAB_CLIENT_SERVED, 200,
     "expected the client's end cut; no verdict, client: a whole answer, status 200"},
    {"a pinned client that goes silently",
     HEAD "client: {pins: on, preset: node-2020, refuses: silent}\n"
          "expect: {leg: client, cause: trust.pinned}\n" FIX ", bridge: {pass: on}}\n",
     LAB_CLIENT_REFUSED, 0, NULL},
    {"an interceptor behind the bridge",
     HEAD "box: {does: intercept}\n"
          "expect: {leg: server, cause: intercept.upstream-interceptor}\n" FIX
          ", box: {trusted: on}}\n",
     LAB_CLIENT_SERVED, 502, NULL},
    {"an interceptor before the bridge",
     HEAD "box: {on: client-leg, does: intercept}\nexpect: {client: refused}\n" FIX
          ", box: {trusted: on}}\n",
     LAB_CLIENT_REFUSED, 0, NULL},
    {"an authority that is over",
     HEAD "bridge: {authority: expired}\n"
          "expect: {leg: client, cause: trust.bridge-ca-expired}\n" FIX
          ", bridge: {authority: good}}\n",
     LAB_CLIENT_REFUSED, 0, NULL},
    {"a client certificate that is lost at the bridge",
     HEAD "origin: {policy: {client-auth: require, max: TLS1.2}}\nclient: {certificate: on}\n"
          "bridge: {client-leg: {client-auth: ask}}\n"
          "expect: {leg: server, cause: client-auth.required}\n" FIX
          ", bridge: {certificate: on}}\n",
     LAB_CLIENT_SERVED, 502, NULL},
    {"an old client's very hello",
     HEAD "client: {preset: ie-8-win7, raw: on}\nbridge: {on-failure: alert}\n"
          "expect: {leg: server, cause: protocol.no-common-version, client: broken}\n" FIX
          ", client: {preset: chromium-156, raw: off}}\n",
     LAB_CLIENT_BROKEN, 0, NULL},
    {"a browser's very hello, and the answer",
     HEAD "client: {preset: chromium-156, raw: on}\nexpect: {client: answered}\n" FIX
          ", client: {raw: off}}\n",
     LAB_CLIENT_ANSWERED, 0, NULL},
    {"no origin at all",
     HEAD "origin: {kind: refused}\nexpect: {leg: server, cause: transport.refused}\n" FIX
          ", origin: {kind: tls}}\n",
     LAB_CLIENT_SERVED, 502, NULL},
    {"a verdict that is not the one expected",
     HEAD "origin: {chain: {recipe: expired}}\n"
          "expect: {leg: server, cause: cert.revoked}\n" FIX ", origin: {chain: {recipe: good}}}\n",
     LAB_CLIENT_SERVED, 502,
     "expected cert.revoked, server leg; got cert.expired, server leg, party server"},
    {"a party that is not the one expected",
     HEAD "origin: {chain: {recipe: expired}}\n"
          "expect: {leg: server, cause: cert.expired, party: client}\n" FIX
          ", origin: {chain: {recipe: good}}}\n",
     LAB_CLIENT_SERVED, 502,
     "expected cert.expired, server leg, party client; got cert.expired, server leg, party "
     "server"},
    {"nothing wrong where something is expected",
     HEAD "expect: {leg: server, cause: cert.expired}\n" FIX "}\n", LAB_CLIENT_SERVED, 200,
     "expected cert.expired, server leg; no verdict, client: a whole answer, status 200"},
};

static struct scenario *parse(const char *text)
{
    struct error error;
    struct scenario *scenario = scenario_parse(slice_of_text(text), "one.yaml", &error);
    if (scenario == NULL) {
        fail_msg("%s", error.text);
    }
    return scenario;
}

static void play_gives(void **state)
{
    const struct row *row = *state;
    struct error error;
    struct scenario *scenario = parse(row->text);
    struct lab_trial trial = {.scenario = scenario};
    if (!trial_broken(&trial, &error)) {
        fail_msg("%s", error.text);
    }
    const struct lab_client_result *result = &trial.broken.play.parts[0].result;
    assert_int_equal(result->end, row->want_end);
    assert_int_equal(result->status, row->want_status);
    assert_int_equal(trial.broken.is_as_wanted, row->want_why == NULL);
    if (row->want_why != NULL) {
        assert_string_equal(trial.broken.why, row->want_why);
    }
    if (row->want_why == NULL) {
        if (!trial_mended(&trial, NULL, &error)) {
            fail_msg("%s", error.text);
        }
        if (!trial.mended.is_as_wanted) {
            fail_msg("%s", trial.mended.why);
        }
    }
    trial_clear(&trial);
    scenario_free(scenario);
}

// A fix that does not mend is not taken for one, nor one that goes back or looks away.
static const struct wrong {
    const char *name, *text, *why;
} wrongs[] = {
    {"a fix that changes nothing that matters",
     HEAD "origin: {chain: {recipe: expired}}\n"
          "expect: {leg: server, cause: cert.expired}\n" FIX ", client: {clock: 0s}}\n",
     "expected a connection that works; got cert.expired, server leg, party server"},
    {"an old version brought back",
     HEAD "origin: {policy: {max: TLS1.1}}\nclient: {policy: {min: TLS1.2}}\n"
          "expect: {leg: server, cause: protocol.no-common-version}\n" FIX
          ", client: {policy: {min: TLS1.0}}}\n",
     "it works, and goes back: the server leg agreed on TLS 1.1; a fix goes forward"},
    {"an old suite brought back",
     HEAD "origin: {policy: {max: TLS1.2, ciphers: AES128-SHA}, chain: {recipe: good-rsa}}\n"
          "bridge: {server-leg: {ciphers: ECDHE-RSA-AES128-GCM-SHA256}}\n"
          "expect: {leg: server, cause: cipher.no-common-suite}\n" FIX
          ", bridge: {server-leg: {ciphers: AES128-SHA}}}\n",
     "it works, and goes back: the server leg agreed on AES128-SHA; a fix goes forward"},
    {"the check switched off",
     HEAD "origin: {chain: {recipe: expired}}\n"
          "expect: {leg: server, cause: cert.expired}\n" FIX
          ", bridge: {server-leg: {verify: off}}}\n",
     "it works because nobody looks any more: cert.expired is still there, masked"},
    {"the check switched off that a wrong clock made fail",
     HEAD "bridge: {server-leg: {clock: +400d}}\n"
          "expect: {leg: server, cause: clock.bridge}\n" FIX
          ", bridge: {server-leg: {verify: off}}}\n",
     "it works because nobody looks any more: the bridge verifies no certificate"},
    {"an edge that never checks in the place of one that did",
     HEAD "bridge: {server-leg: {clock: +400d}}\n"
          "expect: {leg: server, cause: clock.bridge}\n" FIX ", bridge: {edge: stunnel}}\n",
     "it works because nobody looks any more: the bridge verifies no certificate"},
    {"a server that no longer staples that it is revoked",
     HEAD "origin: {chain: {recipe: revoked-staple}}\n"
          "expect: {leg: server, cause: cert.revoked}\n" FIX ", origin: {chain: {staple: none}}}\n",
     "it works because nobody looks any more: the certificate is still revoked"},
};

static void a_wrong_fix_is_told(void **state)
{
    const struct wrong *wrong = *state;
    struct error error;
    struct scenario *scenario = parse(wrong->text);
    struct lab_trial trial = {.scenario = scenario};
    assert_true(trial_mended(&trial, NULL, &error));
    assert_false(trial.mended.is_as_wanted);
    assert_string_equal(trial.mended.why, wrong->why);
    trial_clear(&trial);
    scenario_free(scenario);
}

int main(void)
{
    return RUN_ROWS(rows, play_gives) + RUN_ROWS(wrongs, a_wrong_fix_is_told);
}
