// A capture file from anywhere: read to its end, and judged, without a fault; the evidence of each
// handshake can be written and read back.
#include <stdlib.h>

#include "capture.h"
#include "evidence_json.h"
#include "verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void on_captured(void *user, const struct captured *captured)
{
    size_t *found_count = user;
    struct arena arena = {0};
    struct verdict found[VERDICTS_MAX];
    struct buffer text = {0};
    struct json json = json_into(&text);
    struct evidence again;
    struct error error;
    (void)verdict_find(captured->evidence, &arena, found, VERDICTS_MAX);
    evidence_write(&json, captured->evidence);
    must(!json.failed);
    must(evidence_read(buffer_slice(&text), &arena, &again, &error));
    must(again.is_captured);
    *found_count += 1;
    buffer_clear(&text);
    arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct capture_count count = {0};
    struct error error;
    size_t found_count = 0;
    struct slice file = {data, size};
    if (capture_read(file, &arena, on_captured, &found_count, &count, &error)) {
        must(found_count <= count.connections && count.handshakes <= found_count);
    }
    arena_clear(&arena);
    return 0;
}
