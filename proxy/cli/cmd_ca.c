// midspan ca: the authority that signs what midspan presents to clients.
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ca_trust.h"
#include "command.h"
#include "file.h"
#include "session.h"

static const struct option_key options[] = {
    {.name = "ca-dir", .value = "DIR", .help = "where ca.pem and ca-key.pem are"},
    {.name = "der", .help = "export: DER instead of PEM"},
    {.name = "force", .help = "export: write over a file that is there"},
    {.name = "system", .help = "install, uninstall, status: the system's store only"},
    {.name = "nss", .help = "install, uninstall, status: Chromium's and Firefox's stores only"},
    {.name = "yes", .help = "install, uninstall: don't ask"},
    {.name = NULL},
};

static void date_text(const ASN1_TIME *time, char out_text[32])
{
    struct tm parts = {0};
    (void)ASN1_TIME_to_tm(time, &parts); // ours: a valid time
    (void)strftime(out_text, 32, "%Y-%m-%d", &parts);
}

static int show(const struct invocation *invocation, const struct authority *ca)
{
    (void)invocation;
    char fingerprint[96], from[32], to[32], subject[256];
    X509_NAME_oneline(X509_get_subject_name(ca->certificate), subject, sizeof(subject));
    date_text(X509_get0_notBefore(ca->certificate), from);
    date_text(X509_get0_notAfter(ca->certificate), to);
    const char *folder = ca->folder;
    (void)printf("certificate  %s/ca.pem\n"
                 "key          %s/ca-key.pem (keep it to yourself)\n"
                 "subject      %s\n"
                 "valid        %s to %s\n"
                 "SHA-256      %s\n\n",
                 folder, folder, subject, from, to, authority_fingerprint(ca, fingerprint));
    (void)printf("to trust it\n"
                 "  browsers, system   midspan ca install\n"
                 "  curl               curl --cacert %s/ca.pem …\n"
                 "  wget               wget --ca-certificate=%s/ca.pem …\n"
                 "  Python requests    REQUESTS_CA_BUNDLE=%s/ca.pem\n"
                 "  Node               NODE_EXTRA_CA_CERTS=%s/ca.pem\n"
                 "  Java               keytool -importcert -noprompt -alias midspan \\\n"
                 "                         -file %s/ca.pem -cacerts -storepass changeit\n"
                 "  one command        midspan exec -- CMD…\n"
                 "  phone              open http://midspan.test/ through the proxy\n",
                 folder, folder, folder, folder, folder);
    return OUTCOME_FINE;
}

static int export_ca(const struct invocation *invocation, const struct authority *ca)
{
    struct buffer out = {0};
    bool is_der = option_is_given(invocation, "der");
    const char *path = invocation->operand_count > 1 ? invocation->operands[1] : "-";
    int code = OUTCOME_FINE;
    struct error error;
    if (!(is_der ? authority_der(ca, &out) : authority_pem(ca, &out))) {
        report("out of memory");
        code = OUTCOME_OURS;
    } else if (strcmp(path, "-") == 0 && is_der && isatty(STDOUT_FILENO)) {
        report("export --der: not to a terminal, expected a FILE");
        code = OUTCOME_USAGE;
    } else if (strcmp(path, "-") == 0) {
        struct slice bytes = buffer_slice(&out);
        if (fwrite(bytes.data, 1, bytes.len, stdout) != bytes.len || fflush(stdout) != 0) {
            report("cannot write to standard output");
            code = OUTCOME_OURS;
        }
    } else if (!option_is_given(invocation, "force") && access(path, F_OK) == 0) {
        report("'%.256s' is there already, expected a new FILE or --force", path);
        code = OUTCOME_USAGE;
    } else if (!file_write(path, buffer_slice(&out), 0644, false, &error)) {
        code = (int)report_error(&error);
    }
    buffer_clear(&out);
    return code;
}

static const struct action {
    const char *name;
    size_t operands_max; // after the action's name
    bool makes;          // an authority, where there is none yet
    int (*run)(const struct invocation *invocation, const struct authority *ca);
    const char *options[4];
} actions[] = {
    {"show", 0, true, show, {NULL}},
    {"export", 1, true, export_ca, {"der", "force"}},
    {"install", 0, true, ca_install, {"system", "nss", "yes"}},
    {"uninstall", 0, false, ca_uninstall, {"system", "nss", "yes"}},
    {"status", 0, false, ca_status, {"system", "nss"}},
};

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        if (strcmp(actions[i].name, name) == 0) {
            return &actions[i];
        }
    }
    return NULL;
}

static bool takes(const struct action *action, const char *option)
{
    bool is_taken = strcmp(option, "ca-dir") == 0;
    for (size_t i = 0; i < COUNT_OF(action->options) && action->options[i] != NULL; i++) {
        is_taken = is_taken || strcmp(action->options[i], option) == 0;
    }
    return is_taken;
}

static const struct action *choose(const struct invocation *invocation)
{
    if (invocation->operand_count == 0) {
        report("expected: midspan ca %s", invocation->command->usage);
        return NULL;
    }
    const char *name = invocation->operands[0];
    const struct action *action = find_action(name);
    if (action == NULL) {
        report("ca: unknown action '%.64s', expected show, export, install, uninstall or status",
               name);
        return NULL;
    }
    if (invocation->operand_count > 1 + action->operands_max || invocation->rest != NULL) {
        report("ca %s: too many words, see 'midspan help ca'", name);
        return NULL;
    }
    for (size_t i = 0; i < invocation->flag_count; i++) {
        if (!takes(action, invocation->flags[i].name)) {
            report("--%s: not with ca %s", invocation->flags[i].name, name);
            return NULL;
        }
    }
    return action;
}

// True if ca.pem is where this invocation's authority would be.
static bool has_authority(const char *ca_dir, char out_folder[FILE_PATH_MAX], struct error *error)
{
    char path[FILE_PATH_MAX];
    if (ca_dir != NULL) {
        (void)snprintf(out_folder, FILE_PATH_MAX, "%s", ca_dir); // longer than a path: not found
    } else if (!authority_folder(out_folder, error)) {
        return false;
    }
    return file_join(out_folder, "ca.pem", path, error) &&
           (access(path, F_OK) == 0 ||
            error_set(error, ERROR_FILE, "no authority in '%s' yet: nobody can trust it",
                      out_folder));
}

static int run_ca(const struct invocation *invocation)
{
    const struct action *action = choose(invocation);
    if (action == NULL) {
        return OUTCOME_USAGE;
    }
    struct error error;
    char folder[FILE_PATH_MAX];
    const char *ca_dir = option_value(invocation, "ca-dir");
    if (!action->makes && !has_authority(ca_dir, folder, &error)) {
        report("%s", error.text);
        return OUTCOME_FAILS;
    }
    struct authority ca = {0};
    bool is_new = false;
    if (!session_ca(ca_dir, &ca, &is_new, &error)) {
        return (int)report_error(&error);
    }
    if (is_new) {
        report("made a new authority in '%s'", ca.folder);
    }
    int code = action->run(invocation, &ca);
    authority_clear(&ca);
    return code;
}

const struct command cmd_ca = {
    .name = "ca",
    .usage = "show | export [FILE] | install | uninstall | status [OPTIONS]",
    .summary = "the authority: show it, export it, have it trusted or not",
    .about = "The authority signs the certificates that midspan presents to clients. It is\n"
             "made on first use, for this machine alone; its key never leaves the folder.\n"
             "\n"
             "  show        where it is, its fingerprint, and how clients come to trust it\n"
             "  export      the certificate, never the key, to FILE or standard output\n"
             "  install     trust it in the system's store (as root) and in the NSS stores of\n"
             "              Chromium and Firefox; says what it will change, and asks\n"
             "  uninstall   take it out again, there and nowhere else\n"
             "  status      each store: trusted or not; exit code 0 when all trust it, else 1\n",
    .options = options,
    .run = run_ca,
};
