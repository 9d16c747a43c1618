// What a client's answers prove: which cause explains all of them, and no other.
#include "experiment.h"

#include <assert.h>

#include "judge.h"

struct conclusion {
    const struct experiment *experiment;
    struct judge judge;
    struct verdict *verdict;
};

static void add_rows(const struct experiment *experiment, struct arena *arena,
                     struct verdict *verdict)
{
    for (size_t i = 0; i < experiment->row_count && verdict->proof_count < PROOF_ROWS_MAX; i++) {
        const struct experiment_row *row = &experiment->rows[i];
        verdict->proof[verdict->proof_count++] = (struct proof_row){
            .changed = experiment_text(row->change),
            .outcome = experiment_outcome(arena, &row->answer),
            .ms = row->ms,
            .passed = row->answer.result == EXPERIMENT_PASSED,
            .connection = row->connection,
        };
    }
}

static bool has_result(const struct experiment *experiment, enum experiment_change change,
                       enum experiment_result result)
{
    const struct experiment_row *row = experiment_row_of(experiment, change);
    return row != NULL && row->answer.result == result;
}

// Without midspan in the middle the client meets the origin's own certificate.
static void tell_direct(const struct conclusion *c)
{
    if (has_result(c->experiment, EXPERIMENT_UNTOUCHED, EXPERIMENT_PASSED)) {
        c->verdict->direct = DIRECT_WOULD_SUCCEED;
    } else if (has_result(c->experiment, EXPERIMENT_UNTOUCHED, EXPERIMENT_REFUSED)) {
        c->verdict->direct = DIRECT_WOULD_FAIL;
    }
}

// fails_again is true if the unchanged certificate was refused once more, as at first.
static bool fails_again(struct conclusion *c)
{
    const struct experiment_row *again = experiment_row_of(c->experiment, EXPERIMENT_AGAIN);
    if (again == NULL) {
        return false;
    }
    if (experiment_is_same(c->experiment, &again->answer)) {
        return true;
    }
    verdict_fact(&c->judge, c->verdict,
                 "what was refused at first brought another answer on connection %llu: the failure "
                 "comes and goes, or another program has the same hello",
                 (unsigned long long)again->connection);
    return false;
}

// prove sets the cause and the connection that showed it; fix and summary follow.
static void prove(struct conclusion *c, const char *code, enum party party,
                  enum experiment_change by)
{
    struct verdict *verdict = c->verdict;
    const struct experiment_row *row = experiment_row_of(c->experiment, by);
    bool is_other = verdict->cause != cause_find(code);
    (void)verdict_set(verdict, code, party, verdict->phase, CONFIDENCE_PROVEN); // always true
    verdict->proven_by = row != NULL ? row->connection : 0;
    if (is_other) {
        verdict->offered = verdict->accepted = NULL;
        verdict->fix = verdict->cause->text[LANGUAGE_EN].fix;
    }
}

static void prove_clock(struct conclusion *c, enum experiment_change by)
{
    struct verdict *verdict = c->verdict;
    const struct cert_facts *leaf = &leg_of(&c->judge, CLIENT)->chain[0];
    bool is_behind = by == EXPERIMENT_EARLIER;
    char date[CLOCK_TEXT_MAX];
    (void)clock_date(is_behind ? leaf->not_before_us : leaf->not_after_us, date); // `date`
    prove(c, "clock.client", PARTY_CLIENT, by);
    verdict_say(
        &c->judge, verdict,
        "the client's clock is %s: it stands %s %s, for it takes midspan's certificate only "
        "when that is valid %s",
        is_behind ? "behind" : "ahead", is_behind ? "before" : "after", date,
        is_behind ? "from earlier on" : "for longer");
}

static void prove_leaf(struct conclusion *c, enum experiment_change by, const char *summary,
                       const char *fix)
{
    prove(c, "trust.leaf-refused", PARTY_BRIDGE, by);
    verdict_say(&c->judge, c->verdict, "the client trusts midspan's authority %s", summary);
    verdict_fix(&c->judge, c->verdict, "%s", fix);
}

static void prove_clean(struct conclusion *c)
{
    prove(c, c->verdict->cause->code, c->verdict->party, EXPERIMENT_CLEAN);
    verdict_fact(&c->judge, c->verdict,
                 "the client takes a certificate of midspan's that does not have this fault");
}

static void prove_auth(struct conclusion *c)
{
    prove(c, c->verdict->cause->code, c->verdict->party, EXPERIMENT_ASK);
    verdict_fact(&c->judge, c->verdict,
                 "nothing else stands in the way: when midspan does not insist, it works");
}

// is_alone is true if nothing else can explain that the client took this change: each changed leaf
// has a new serial number as well, so that alone has to be refused.
static bool is_alone(struct conclusion *c, enum experiment_change change)
{
    const struct experiment *experiment = c->experiment;
    bool is_in_order = false;
    for (size_t i = 0; i < experiment->order_count; i++) {
        is_in_order = is_in_order || experiment->order[i] == EXPERIMENT_SERIAL;
    }
    if (!is_in_order || change == EXPERIMENT_SERIAL ||
        has_result(experiment, EXPERIMENT_SERIAL, EXPERIMENT_REFUSED)) {
        return true;
    }
    verdict_fact(&c->judge, c->verdict,
                 "what it took has another serial number too, and of that alone it did not tell");
    return false;
}

// by_change concludes from the one change of what midspan presents that was taken.
static void by_change(struct conclusion *c, enum experiment_change change)
{
    switch (change) {
    case EXPERIMENT_SERIAL:
        prove_leaf(c, change,
                   "but refuses this one certificate: the same with another serial "
                   "number is taken",
                   "Take this certificate off the client's revocation or block list; midspan makes "
                   "a new one when it is started again.");
        return;
    case EXPERIMENT_CLEAN:
        prove_clean(c);
        return;
    case EXPERIMENT_EARLIER:
    case EXPERIMENT_LATER:
        prove_clock(c, change);
        return;
    case EXPERIMENT_RSA:
        prove_leaf(c, change, "but takes RSA keys only",
                   "Let midspan present RSA keys to this client: --client-leg "
                   "sigalgs=rsa_pss_rsae_sha256:rsa_pkcs1_sha256; better, let the client take "
                   "ECDSA P-256.");
        return;
    case EXPERIMENT_ECDSA:
        prove_leaf(c, change, "but takes ECDSA keys only",
                   "Let midspan present ECDSA keys to this client: --client-leg "
                   "sigalgs=ecdsa_secp256r1_sha256.");
        return;
    case EXPERIMENT_SHORT:
        prove_leaf(c, change, "but takes only certificates with a shorter lifetime",
                   "Give midspan a certificate for this name that is valid for at most 47 days "
                   "(cert= and key= of the client leg).");
        return;
    case EXPERIMENT_PURPOSE:
        prove_leaf(c, change,
                   "but wants another purpose than that of a TLS server, which "
                   "midspan's certificate names",
                   "Let the client check for the purpose of a TLS server, which is what it "
                   "connects to.");
        return;
    case EXPERIMENT_ASK:
        prove_auth(c);
        return;
    case EXPERIMENT_AGAIN:
    case EXPERIMENT_STRANGER:
    case EXPERIMENT_UNTOUCHED:
    case EXPERIMENT_CHANGES:
        break;
    }
    assert(false); // experiment_passed gives none of these
}

// all_refused is true if every change of the leaf was refused, and in the way of the first.
static bool all_refused(const struct experiment *experiment)
{
    for (size_t i = 0; i < experiment->order_count; i++) {
        enum experiment_change change = experiment->order[i];
        const struct experiment_row *row = experiment_row_of(experiment, change);
        if (change != EXPERIMENT_UNTOUCHED && change != EXPERIMENT_STRANGER &&
            (row == NULL || !experiment_is_same(experiment, &row->answer))) {
            return false;
        }
    }
    return true;
}

// A stranger's leaf gets the same answer as ours. Where that answer says "unknown authority", so it
// is. Where the client has one answer for everything, a pin would look the same: it is told by
// other names, for which a pin would let ours pass; that one refuses ours as well may be another
// pin.
static void conclude_unknown(struct conclusion *c, const struct experiment_history *history)
{
    bool is_known = history->took_another;
    bool is_sure = c->experiment->tells_authority;
    bool is_likely = history->refused_another && all_refused(c->experiment);
    if (is_known && !c->experiment->tells_authority) {
        verdict_fact(&c->judge, c->verdict,
                     "the client answers a stranger's certificate in the same way, so it can't be "
                     "told which of the two it is: a pin, or an authority that it does not know");
        return;
    }
    enum confidence before = c->verdict->confidence;
    prove(c, "trust.client-rejects-bridge-ca", PARTY_CLIENT, EXPERIMENT_UNTOUCHED);
    verdict_say(&c->judge, c->verdict,
                "the client does not trust midspan's authority: it refuses its certificates like a "
                "stranger's, and takes the origin's own");
    if (!is_sure) {
        c->verdict->confidence = before > CONFIDENCE_DEDUCED ? before : CONFIDENCE_DEDUCED;
        c->verdict->proven_by = 0;
        verdict_fact(&c->judge, c->verdict,
                     is_likely ? "it refused midspan's certificates for another name too, and "
                                 "never took one; only a pin for each would look the same"
                               : "a pin for this name would look the same; another name, which "
                                 "midspan's certificate is taken for or not, would tell more");
    }
}

static void conclude_pin(struct conclusion *c)
{
    const char *name = wanted_name(&c->judge);
    const char *shown = name != NULL ? peer_text(c->judge.arena, name) : "this name";
    if (!all_refused(c->experiment)) {
        return;
    }
    prove(c, "trust.pinned", PARTY_BRIDGE, EXPERIMENT_UNTOUCHED);
    verdict_say(&c->judge, c->verdict,
                "the client trusts midspan, but for %s it takes the origin's own certificate only",
                shown);
    verdict_fact(&c->judge, c->verdict,
                 "a stranger's certificate is refused in another way than midspan's, so the "
                 "authority is not what it minds");
    if (name != NULL) {
        verdict_fix(&c->judge, c->verdict,
                    "Let this name pass untouched: --pass %s. midspan still reads both hellos.",
                    shown);
    }
}

void experiment_conclude(const struct experiment *experiment, const struct evidence *evidence,
                         const struct experiment_history *history, struct arena *arena,
                         struct verdict *verdict)
{
    struct conclusion c = {.experiment = experiment, .verdict = verdict};
    judge_init(&c.judge, evidence, arena);
    verdict->is_update = true;
    add_rows(experiment, arena, verdict);
    tell_direct(&c);
    enum experiment_change passed = experiment_passed(experiment);
    bool is_taken_untouched = has_result(experiment, EXPERIMENT_UNTOUCHED, EXPERIMENT_PASSED);
    if (has_result(experiment, EXPERIMENT_UNTOUCHED, EXPERIMENT_REFUSED)) {
        verdict_fact(&c.judge, verdict, "the client refuses the origin's own certificate as well");
    }
    if ((passed == EXPERIMENT_CHANGES && !is_taken_untouched) || !fails_again(&c)) {
        return; // it stays as it was, with the rows to look at
    }
    if (passed != EXPERIMENT_CHANGES) {
        if (is_alone(&c, passed)) {
            by_change(&c, passed);
        }
    } else if (experiment_is_strange(experiment)) {
        conclude_unknown(&c, history);
    } else if (has_result(experiment, EXPERIMENT_STRANGER, EXPERIMENT_REFUSED)) {
        conclude_pin(&c);
    }
}
