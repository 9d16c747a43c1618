// Evidence files from anywhere: what is read can be judged and written, and reads back the same.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "evidence_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct evidence first, second;
static struct verdict found[VERDICTS_MAX];

static void check_verdicts(const struct verdict *verdicts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert(verdicts[i].cause != NULL && verdicts[i].summary != NULL && verdicts[i].fix != NULL);
        for (const char *at = verdicts[i].summary; *at != '\0'; at++) {
            if (*at < 0x20 || *at >= 0x7f) {
                abort(); // what a peer said must not reach a terminal unescaped
            }
        }
    }
}

static void judge(const struct evidence *evidence, struct arena *arena, struct buffer *out)
{
    size_t count = verdict_find(evidence, arena, found, VERDICTS_MAX);
    check_verdicts(found, count);
    struct json json = json_into(out);
    json_open_array(&json);
    for (size_t i = 0; i < count; i++) {
        json_open_object(&json);
        verdict_write(&json, &found[i], evidence);
        json_close_object(&json);
    }
    count = verdict_masked(evidence, arena, found, VERDICTS_MAX);
    check_verdicts(found, count);
    evidence_write_leg(&json, evidence, CLIENT);
    evidence_write_leg(&json, evidence, SERVER);
    evidence_write_diff(&json, evidence);
    json_close_array(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct buffer text = {0}, again = {0}, judged = {0};
    struct error error;
    if (evidence_read((struct slice){data, size}, &arena, &first, &error)) {
        judge(&first, &arena, &judged);
        struct json json = json_into(&text);
        evidence_write(&json, &first);
        if (evidence_read(buffer_slice(&text), &arena, &second, &error)) {
            json = json_into(&again);
            evidence_write(&json, &second);
            if (!slice_equals(buffer_slice(&text), buffer_slice(&again))) {
                abort();
            }
        } else if (arena.used_bytes < ARENA_BYTES_MAX / 4) {
            abort(); // only for want of memory may it not read back
        }
    }
    buffer_clear(&text);
    buffer_clear(&again);
    buffer_clear(&judged);
    arena_clear(&arena);
    return 0;
}
