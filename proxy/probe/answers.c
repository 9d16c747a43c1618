#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

struct row {
    bool is_used;
    uint8_t key[32]; // SHA-256, so that no peer can choose two that collide
    int64_t at_us;
    struct answer_kept answer; // its body is this row's own
    char date[HTTP_ANSWER_DATE_MAX + 1];
};

struct answers {
    uv_mutex_t lock;
    struct row rows[ANSWERS_ROWS_MAX];
};

struct answers *answers_new(void)
{
    struct answers *answers = calloc(1, sizeof(*answers));
    if (answers != NULL && uv_mutex_init(&answers->lock) != 0) {
        free(answers);
        return NULL;
    }
    return answers;
}

static void empty_row(struct row *row)
{
    free((void *)(uintptr_t)row->answer.body.data);
    *row = (struct row){0};
}

void answers_free(struct answers *answers)
{
    if (answers == NULL) {
        return;
    }
    for (size_t i = 0; i < COUNT_OF(answers->rows); i++) {
        empty_row(&answers->rows[i]);
    }
    uv_mutex_destroy(&answers->lock);
    free(answers);
}

static bool key_of(const char *address, struct slice question, uint8_t out_key[32])
{
    struct buffer text = {0};
    bool ok = buffer_append_text(&text, address) && buffer_append_byte(&text, 0) &&
              buffer_append(&text, question) &&
              EVP_Digest(text.data + text.start, text.len, out_key, NULL, EVP_sha256(), NULL);
    buffer_clear(&text);
    return ok;
}

static struct row *find_row(struct answers *answers, const uint8_t key[32])
{
    for (size_t i = 0; i < COUNT_OF(answers->rows); i++) {
        struct row *row = &answers->rows[i];
        if (row->is_used && memcmp(row->key, key, sizeof(row->key)) == 0) {
            return row;
        }
    }
    return NULL;
}

static int64_t keep_us(const struct answer_kept *answer)
{
    return answer->keep_us > 0 ? answer->keep_us : ANSWERS_US_MAX;
}

bool answers_find(struct answers *answers, const char *address, struct slice question,
                  int64_t now_us, struct arena *arena, struct answer_kept *out)
{
    uint8_t key[32];
    bool is_found = false;
    if (!key_of(address, question, key)) {
        return false;
    }
    uv_mutex_lock(&answers->lock);
    const struct row *row = find_row(answers, key);
    if (row != NULL && now_us - row->at_us < keep_us(&row->answer)) {
        struct answer_kept copy = row->answer;
        copy.body = arena_copy(arena, row->answer.body);
        copy.date = arena_text(arena, slice_of_text(row->date));
        copy.age_us = now_us > row->at_us ? now_us - row->at_us : 1;
        is_found = copy.body.len == row->answer.body.len && copy.date != NULL;
        *out = is_found ? copy : *out;
    }
    uv_mutex_unlock(&answers->lock);
    return is_found;
}

static struct row *free_row(struct answers *answers)
{
    for (size_t i = 0; i < COUNT_OF(answers->rows); i++) {
        if (!answers->rows[i].is_used) {
            return &answers->rows[i];
        }
    }
    return NULL;
}

static size_t bytes_of(const struct answers *answers)
{
    size_t bytes = 0;
    for (size_t i = 0; i < COUNT_OF(answers->rows); i++) {
        bytes += answers->rows[i].answer.body.len; // 0 of one that is not used
    }
    return bytes;
}

static void drop_oldest(struct answers *answers)
{
    struct row *oldest = NULL;
    for (size_t i = 0; i < COUNT_OF(answers->rows); i++) {
        struct row *row = &answers->rows[i];
        oldest = row->is_used && (oldest == NULL || row->at_us < oldest->at_us) ? row : oldest;
    }
    if (oldest != NULL) {
        empty_row(oldest);
    }
}

// row_for gives an empty row, and sees to it that there are `len` bytes for it.
static struct row *row_for(struct answers *answers, const uint8_t key[32], size_t len)
{
    struct row *known = find_row(answers, key);
    if (known != NULL) {
        empty_row(known);
    }
    while (free_row(answers) == NULL || bytes_of(answers) > ANSWERS_BYTES_MAX - len) {
        drop_oldest(answers);
    }
    return free_row(answers);
}

void answers_put(struct answers *answers, const char *address, struct slice question,
                 int64_t now_us, const struct answer_kept *answer)
{
    struct row made = {.is_used = true, .at_us = now_us, .answer = *answer};
    size_t date_len = strlen(answer->date);
    uint8_t *body = answer->body.len > 0 ? malloc(answer->body.len) : NULL;
    bool is_kept = answer->body.len <= ANSWERS_BYTES_MAX && key_of(address, question, made.key) &&
                   date_len <= HTTP_ANSWER_DATE_MAX && (answer->body.len == 0 || body != NULL);
    if (!is_kept) {
        free(body);
        return;
    }
    if (body != NULL) {
        memcpy(body, answer->body.data, answer->body.len);
    }
    memcpy(made.date, answer->date, date_len);
    made.answer.body = (struct slice){body, answer->body.len};
    made.answer.date = NULL; // the row has its own
    uv_mutex_lock(&answers->lock);
    *row_for(answers, made.key, made.answer.body.len) = made;
    uv_mutex_unlock(&answers->lock);
}
