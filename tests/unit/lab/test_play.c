// A case played with real TLS on loopback: what the client gets, what the bridge says of it.
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "trial.h"
#include "yaml_tree.h"

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

// What a student may write: another way that mends is taken, and who takes away what the exercise
// is about is told so. `why` NULL: it counts.
static const struct student {
    const char *name, *scenario, *fix, *why;
    bool is_elsewhere; // it changes none who may act
} students[] = {
    {"the bridge passes a host that it should bridge", "expired-authority",
     "bridge: {pass: on}\nclient: {trusts: origin}\n",
     "it works because the bridge no longer bridges: it passes the host untouched", false},
    {"the bridge passes what a pin is for", "pinned-client", "bridge: {pass: on}\n", NULL, false},
    {"a client certificate that goes through, for nothing ends it", "mtls-lost",
     "bridge: {pass: on}\nclient: {trusts: origin, certificate: on}\n", NULL, false},
    {"a client that no longer pins", "pinned-client", "client: {pins: off}\n",
     "it works because the client no longer insists on what it insisted on", true},
    {"a clock set back to when the certificate was good", "truly-expired",
     "bridge: {server-leg: {clock: -60d}}\n",
     "it works, but a clock is still wrong, or was set wrong", true},
    {"a certificate dated back to suit a slow clock", "bridge-behind",
     "origin: {chain: {days: -30..60}}\n", "it works, but a clock is still wrong, or was set wrong",
     true},
    {"a clock that is a little less wrong", "client-behind", "client: {clock: -1h}\n",
     "it works, but a clock is still wrong, or was set wrong", false},
    {"another site asked for", "apache-silent-name-check", "client: {target: other.midspan.test}\n",
     "it works because the client asks for another site", true},
    {"the old shop's page in the new one's place", "unknown-name-alert",
     "bridge: {server-leg: {sni: old-shop.midspan.test}}\n",
     "it works because the bridge asks for another site than the client, or verifies another name",
     true},
    {"a health check that verifies the server's name", "ip-address",
     "bridge: {server-leg: {verify-name: site.midspan.test}}\n", NULL, false},
    {"a bridge that says the name for a client that can't", "client-without-sni",
     "bridge: {server-leg: {sni: site.midspan.test}}\n", NULL, false},
    {"an origin that takes a hello without a name", "bridge-drops-sni", "origin: {quirk: none}\n",
     "it works because the origin was changed, which has no fault", true},
    {"an origin that no longer compares", "host-differs", "origin: {http: {check-host: off}}\n",
     "it works because the origin no longer asks for what it asked for", true},
    {"an origin that asks for no certificate", "mtls-13-late",
     "origin: {policy: {client-auth: none}}\n",
     "it works because the origin no longer asks for what it asked for", true},
    {"the Host rewritten as the SNI is", "caddy-host-vs-sni",
     "client: {host: upstream.midspan.test}\n", NULL, false},
    {"an RSA certificate kept", "rsa-against-ecdsa", "origin: {chain: {key: rsa}}\n", NULL, false},
    {"a firewall that the security team knows", "antivirus-behind-bridge", "box: {trusted: on}\n",
     NULL, false},
    {"the authority for what is not to be trusted, trusted", "interceptor-untrusted-ca",
     "box: {trusted: on}\n",
     "it works because an interceptor is trusted that nobody has vouched for", false},
    {"a certificate trusted because it was shown", "self-signed",
     "origin: {chain: {trust: root}}\n",
     "it works because a certificate is trusted that was merely shown", false},
    {"no edge device at all", "no-sni-multitenant", "bridge: {edge: none}\n",
     "it works because another device stands in the bridge's place", false},
    {"a client without GREASE", "grease-intolerance", "client: {grease: off}\n",
     "it works because another client does it now", true},
    {"an antivirus that is gone", "antivirus-before-bridge", "box: none\n", NULL, false},
    {"a way round, for one origin", "version-intolerant", "bridge: {server-leg: {max: TLS1.2}}\n",
     NULL, true},
};

static void a_students_fix_is_judged(void **state)
{
    const struct student *row = *state;
    static struct lab_case made;
    struct scenario_list list;
    struct error error;
    struct yaml_tree tree;
    assert_true(scenario_list_open(&list, &error));
    struct lab_trial trial = {.scenario = scenario_list_find(&list, row->scenario, &error)};
    assert_non_null(trial.scenario);
    if (!yaml_tree_parse(&tree, slice_of_text(row->fix), "fix.yaml", &error) ||
        !scenario_mend(trial.scenario, tree.root, "fix.yaml", &made, &error) ||
        !trial_mended(&trial, &made, &error)) {
        fail_msg("%s", error.text);
    }
    if (trial.mended.is_as_wanted != (row->why == NULL)) {
        fail_msg("%s", trial.mended.is_as_wanted ? "it counts" : trial.mended.why);
    }
    if (row->why != NULL) {
        assert_string_equal(trial.mended.why, row->why);
    }
    assert_int_equal(scenario_may_act(trial.scenario, tree.root), !row->is_elsewhere);
    yaml_tree_clear(&tree);
    trial_clear(&trial);
    scenario_list_clear(&list);
}

int main(void)
{
    return RUN_ROWS(rows, play_gives) + RUN_ROWS(wrongs, a_wrong_fix_is_told) +
           RUN_ROWS(students, a_students_fix_is_judged);
}
