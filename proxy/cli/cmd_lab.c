// midspan lab: scenarios of TLS that breaks, played with real TLS on loopback.
#include <stdlib.h>
#include <string.h>

#include "authority.h"
#include "lab_session.h"
#include "quote.h"
#include "tongue.h"

static const struct option_key options[] = {
    {.name = "json", .help = "list, run: print JSON"},
    {.name = "names", .help = "list: their names too, which tell the answer"},
    {.name = "all", .help = "run: every scenario, one line each"},
    {.name = "as-is", .help = "run: without verdict, fix and answer"},
    {.name = "jobs", .value = "N", .help = "run --all: so many at once (one for each core)"},
    {.name = "hint", .help = "show: the next hint"},
    {.name = "start", .value = "FILE", .help = "show: write the file to edit for check"},
    {.name = NULL},
};

static const struct {
    const char *name;
    size_t operands; // after it, exactly
    const char *expects;
    int (*run)(struct lab_session *lab);
    const char *options[4]; // of its own; all take --lang, and serve those of a proxy
} parts[] = {
    {"list", 0, "list", lab_list, {"json", "names"}},
    {"show", 1, "show N|NAME|FILE", lab_show, {"hint", "start"}},
    {"run", 1, "run N|NAME|FILE, or run --all [LESSON]", lab_run, {"json", "all", "as-is", "jobs"}},
    {"check", 2, "check N|NAME FILE", lab_check, {NULL}},
    {"serve", 0, "serve", lab_serve, {NULL}},
    {"send", 2, "send PRESET HOST:PORT", lab_send, {NULL}},
};

static bool takes(size_t part, const char *option)
{
    bool is_own = strcmp(option, "lang") == 0;
    for (size_t i = 0; i < COUNT_OF(parts[part].options) && !is_own; i++) {
        is_own = parts[part].options[i] != NULL && strcmp(option, parts[part].options[i]) == 0;
    }
    bool is_shared = option_key_find(option) != NULL || strcmp(option, "config") == 0;
    return is_own || (is_shared && parts[part].run == lab_serve);
}

static bool refuse_options(const struct invocation *invocation, size_t part)
{
    for (size_t i = 0; i < invocation->flag_count; i++) {
        if (!takes(part, invocation->flags[i].name)) {
            report("--%s: not with 'lab %s'", invocation->flags[i].name, parts[part].name);
            return true;
        }
    }
    return false;
}

const char *lab_say(const struct lab_session *lab, const char *english, const char *japanese)
{
    return lab->language == LANGUAGE_JA ? japanese : english;
}

static bool is_file(const char *word)
{
    size_t len = strlen(word);
    return strchr(word, '/') != NULL || (len > 5 && strcmp(word + len - 5, ".yaml") == 0);
}

const struct scenario *lab_scenario(struct lab_session *lab, const char *word, size_t *out_number)
{
    struct error error;
    const struct scenario *found = NULL;
    *out_number = 0;
    if (is_file(word)) {
        lab->own = scenario_load(word, &error);
        found = lab->own;
    } else {
        found = scenario_list_find(&lab->list, word, &error);
    }
    if (found == NULL) {
        error.kind = error.kind == ERROR_FILE ? ERROR_CONFIG : error.kind; // the user named it
        (void)report_error(&error);
    }
    for (size_t i = 0; i < lab->list.count; i++) {
        if (lab->list.items[i] == found) {
            *out_number = i + 1;
        }
    }
    return found;
}

static int dispatch(struct lab_session *lab)
{
    const struct invocation *invocation = lab->invocation;
    const char *word = invocation->operands[0];
    struct nearest nearest = nearest_to(slice_of_text(word));
    bool is_all = option_is_given(invocation, "all");
    if (option_is_given(invocation, "as-is") && (is_all || lab->is_json)) {
        report("--as-is: not with --all or --json, which tell the verdict");
        return OUTCOME_USAGE;
    }
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        nearest_offer(&nearest, parts[i].name);
        if (strcmp(word, parts[i].name) != 0) {
            continue;
        }
        if (refuse_options(invocation, i)) {
            return OUTCOME_USAGE;
        }
        if (is_all && parts[i].run == lab_run && invocation->operand_count <= 2) {
            return lab_run_all(lab);
        }
        if (invocation->operand_count != parts[i].operands + 1 || is_all) {
            report("expected: midspan lab %s", parts[i].expects);
            return OUTCOME_USAGE;
        }
        return parts[i].run(lab);
    }
    if (nearest.best != NULL) {
        report("unknown 'lab %.64s', did you mean '%s'?", word, nearest.best);
    } else {
        report("unknown 'lab %.64s', expected: midspan lab %s", word, invocation->command->usage);
    }
    return OUTCOME_USAGE;
}

static int run_lab(const struct invocation *invocation)
{
    struct error error;
    char folder[4096];
    if (invocation->operand_count == 0) {
        report("expected: midspan lab %s", invocation->command->usage);
        return OUTCOME_USAGE;
    }
    struct lab_session *lab = calloc(1, sizeof(*lab));
    if (lab == NULL) {
        report("out of memory");
        return OUTCOME_OURS;
    }
    lab->invocation = invocation;
    lab->is_json = option_is_given(invocation, "json");
    int code = OUTCOME_USAGE;
    if (tongue_of(invocation, &lab->language)) {
        if (authority_folder(folder, NULL)) {
            progress_open(&lab->progress, folder);
        }
        code = scenario_list_open(&lab->list, &error) ? dispatch(lab) : (int)report_error(&error);
    }
    scenario_list_clear(&lab->list);
    scenario_free(lab->own);
    free(lab);
    return code;
}

const struct command cmd_lab = {
    .name = "lab",
    .usage = "list | show | run | check | serve | send [OPTIONS]",
    .summary = "exercises: TLS that breaks, played on loopback, and mended",
    .about = "A scenario is an origin, a bridge and a client that don't get along. N is its\n"
             "number or name in the list, or a file of your own.\n"
             "\n"
             "  list         all scenarios, by lesson\n"
             "  show N       the task, without the answer; --hint tells one hint more\n"
             "  run N        plays it with real TLS, message by message, then with the fix\n"
             "  run --all [LESSON]\n"
             "               every scenario (of a lesson) and its fix, one line each\n"
             "  check N FILE plays it with your fix: FILE says what is changed\n"
             "  serve        a proxy behind which each broken host is a name, such as\n"
             "               https://expired.midspan.test/; takes the options of proxy\n"
             "  send PRESET HOST:PORT\n"
             "               says a client preset's hello to a server, and what came\n"
             "\n"
             "Scenarios run on loopback with certificates that are made for the run; your\n"
             "authority and your network have no part in it. Exit code 0: verdict and fix are\n"
             "what the scenario says (check: your fix works); 1: they are not.\n",
    .options = options,
    .takes_settings = true,
    .run = run_lab,
};
