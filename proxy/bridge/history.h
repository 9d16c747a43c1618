// What earlier connections did, as far as verdicts need it: of one client (address and JA4), to one
// origin, and the findings already told. Bounded; thread-safe.
#pragma once

#include "evidence.h"
#include "experiment.h"
#include "verdict.h"

struct history;

#define HISTORY_ROWS_MAX 4096

struct history *history_new(void); // NULL when memory is out
void history_free(struct history *history);

// history_read fills the evidence's history fields; history_secured and history_refused note what
// became of a connection: secured and used, or our certificate refused.
void history_read(struct history *history, struct evidence *evidence);
void history_secured(struct history *history, const struct evidence *evidence);
void history_refused(struct history *history, const struct evidence *evidence);

// history_experiment tells what is known of the evidence's client besides its own connection.
void history_experiment(struct history *history, const struct evidence *evidence,
                        struct experiment_history *out_history);

// history_repeats counts this finding (client, target, leg, cause) and gives how often it came
// before within HISTORY_REPEAT_US of the last time.
#define HISTORY_REPEAT_US ((int64_t)60 * 1000000)
uint32_t history_repeats(struct history *history, const struct evidence *evidence,
                         const struct verdict *verdict);
