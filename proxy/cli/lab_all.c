// midspan lab run --all: every scenario and its fix, several at once, one line each.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "lab_session.h"
#include "sheet.h"
#include "text.h"
#include "trial.h"
#include "words.h"

#define JOBS_MAX 16

struct row {
    const struct scenario *scenario;
    bool is_good, is_played;
    char why[2 * PLAY_WHY_MAX + 16];
    int64_t lasted_us;
};

struct all {
    struct lab_session *lab;
    struct row rows[SCENARIOS_MAX];
    size_t count;
    atomic_size_t next;
    pthread_mutex_t lock; // guards what is told
    size_t told, failed;
    size_t name_columns;
};

static void note_why(struct row *row, const struct lab_trial *trial)
{
    const char *as_is = trial->broken.is_as_wanted ? "" : trial->broken.why;
    const char *mended = trial->mended.is_as_wanted ? "" : trial->mended.why;
    (void)snprintf(row->why, sizeof(row->why), "%s%s%s%s", as_is,
                   as_is[0] != '\0' && mended[0] != '\0' ? "; " : "",
                   mended[0] != '\0' ? "mended: " : "", mended); // fits
}

static void play(struct row *row)
{
    struct error error;
    struct lab_trial trial = {.scenario = row->scenario};
    int64_t begun_us = clock_monotonic_us();
    row->is_played = trial_broken(&trial, &error) && trial_mended(&trial, NULL, &error);
    row->is_good = row->is_played && trial_is_good(&trial);
    if (row->is_played) {
        note_why(row, &trial);
    } else {
        (void)snprintf(row->why, sizeof(row->why), "%.200s", error.text);
    }
    trial_clear(&trial);
    row->lasted_us = clock_monotonic_us() - begun_us;
}

static void write_expected(const struct lab_session *lab, struct pen *pen,
                           const struct lab_expectation *expect)
{
    if (expect->cause != NULL) {
        pen_ours(pen, expect->cause->code);
        return;
    }
    pen_ours(pen, expect->masked_count > 0 ? lab_say(lab, "masked: ", "隠れた障害：")
                                           : lab_say(lab, "client: ", "クライアント："));
    for (size_t i = 0; i < expect->masked_count; i++) {
        pen_ours(pen, i > 0 ? ", " : "");
        pen_ours(pen, expect->masked[i]->code);
    }
    if (expect->masked_count == 0) {
        pen_ours(pen, lab_client_end_word(expect->end));
    }
}

static void print_row(const struct all *all, const struct row *row)
{
    struct sheet sheet;
    char text[64];
    sheet_open(&sheet);
    struct pen *pen = &sheet.pen;
    const struct lab_expectation *expect = &row->scenario->expect;
    pen_styled(pen, row->is_good ? STYLE_GOOD : STYLE_BAD, row->is_good ? "✓ " : "✗ ");
    (void)snprintf(text, sizeof(text), "%5.1f s  ", (double)row->lasted_us / 1e6); // fits
    pen_styled(pen, STYLE_DIM, text);
    pen_ours(pen, row->scenario->name);
    pen_gap(pen, (int)all->name_columns + 13);
    int hang = pen->column;
    if (row->is_good) {
        write_expected(all->lab, pen, expect);
    } else {
        struct arena arena = {0};
        pen_wrap(pen, hang, words_in(row->why, all->lab->language, &arena));
        arena_clear(&arena);
    }
    pen_end(pen);
    (void)sheet_print(&sheet, OUTCOME_FINE); // standard output is looked at again at the end
}

static void *work(void *user)
{
    struct all *all = user;
    for (;;) {
        size_t i = atomic_fetch_add(&all->next, 1);
        if (i >= all->count) {
            return NULL;
        }
        play(&all->rows[i]);
        (void)pthread_mutex_lock(&all->lock);
        all->told++;
        all->failed += !all->rows[i].is_good;
        if (!all->lab->is_json) {
            print_row(all, &all->rows[i]);
        }
        (void)pthread_mutex_unlock(&all->lock);
    }
}

static bool jobs_of(const struct lab_session *lab, size_t *out_jobs)
{
    const char *text = option_value(lab->invocation, "jobs");
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t jobs = cores > 0 ? (uint64_t)cores : 1;
    if (text != NULL && (!text_uint(slice_of_text(text), JOBS_MAX, &jobs) || jobs == 0)) {
        report("--jobs: bad value '%.16s', expected 1 to %d", text, JOBS_MAX);
        return false;
    }
    *out_jobs = jobs < JOBS_MAX ? (size_t)jobs : JOBS_MAX;
    return true;
}

static int print_json(const struct all *all)
{
    struct buffer text = {0};
    struct json json = json_into(&text);
    json_open_array(&json);
    for (size_t i = 0; i < all->count; i++) {
        const struct row *row = &all->rows[i];
        json_open_object(&json);
        json_text_field(&json, "name", row->scenario->name);
        json_text_field(&json, "lesson", lesson_name(row->scenario->lesson));
        json_bool_field(&json, "ok", row->is_good);
        json_text_field(&json, "why", row->is_good ? NULL : row->why);
        json_int_field(&json, "ms", row->lasted_us / 1000);
        json_close_object(&json);
    }
    json_close_array(&json);
    return sheet_print_json(&json, all->failed > 0 ? OUTCOME_FAILS : OUTCOME_FINE);
}

static int print_end(const struct all *all, int64_t lasted_us)
{
    struct sheet sheet;
    char text[128];
    sheet_open(&sheet);
    (void)snprintf(text, sizeof(text),
                   lab_say(all->lab, "%zu of %zu scenarios are as they say, in %.1f s",
                           "%zu / %zu のシナリオが想定どおり（%.1f 秒）"),
                   all->count - all->failed, all->count, (double)lasted_us / 1e6); // fits
    (void)buffer_append_text(&sheet.text, "\n"); // a lost line break is no loss
    sheet_line(&sheet, text);
    return sheet_print(&sheet, all->failed > 0 ? OUTCOME_FAILS : OUTCOME_FINE);
}

static void run_jobs(struct all *all, size_t jobs)
{
    pthread_t threads[JOBS_MAX];
    size_t started = 0;
    // A proxy's start sets and unsets this for its own thread pool, unless it is there: once, now,
    // for all that start at the same time.
    (void)setenv("UV_THREADPOOL_SIZE", "32", 0); // without memory the pool stays small
    for (; started + 1 < jobs && started + 1 < all->count; started++) {
        if (pthread_create(&threads[started], NULL, work, all) != 0) {
            break; // fewer at once
        }
    }
    (void)work(all); // this thread has its share
    for (size_t i = 0; i < started; i++) {
        (void)pthread_join(threads[i], NULL);
    }
}

// choose takes the scenarios that are to be played: all, or those of one lesson.
static bool choose(struct all *all, struct lab_session *lab)
{
    const char *lesson = lab->invocation->operand_count > 1 ? lab->invocation->operands[1] : NULL;
    all->lab = lab;
    for (size_t i = 0; i < lab->list.count; i++) {
        const struct scenario *scenario = lab->list.items[i];
        if (lesson != NULL && strcmp(lesson, lesson_name(scenario->lesson)) != 0) {
            continue;
        }
        all->rows[all->count++].scenario = scenario;
        size_t columns = (size_t)text_columns(scenario->name);
        all->name_columns = columns > all->name_columns ? columns : all->name_columns;
    }
    if (all->count == 0) {
        report("run --all: unknown lesson '%.64s', expected one of clock, browser, middle, "
               "protocol, cipher, certificate, sni, museum",
               lesson != NULL ? lesson : "");
        return false;
    }
    return true;
}

int lab_run_all(struct lab_session *lab)
{
    size_t jobs;
    if (!jobs_of(lab, &jobs)) {
        return OUTCOME_USAGE;
    }
    struct all *all = calloc(1, sizeof(*all));
    if (all == NULL) {
        report("out of memory");
        return OUTCOME_OURS;
    }
    if (!choose(all, lab)) {
        free(all);
        return OUTCOME_USAGE;
    }
    atomic_init(&all->next, 0);
    (void)pthread_mutex_init(&all->lock, NULL); // does not fail on Linux
    int64_t begun_us = clock_monotonic_us();
    run_jobs(all, jobs);
    int64_t lasted_us = clock_monotonic_us() - begun_us;
    int code = lab->is_json ? print_json(all) : print_end(all, lasted_us);
    (void)pthread_mutex_destroy(&all->lock);
    free(all);
    return code;
}
