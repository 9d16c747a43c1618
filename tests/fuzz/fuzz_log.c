// A line of the log from anywhere: read, explained and written again without a fault.
#include <stdlib.h>

#include "evidence_json.h"
#include "log_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct verdict verdict;
    struct error error;
    enum log_kind kind;
    struct evidence evidence;
    struct slice line = {data, size};
    if (log_read(line, &arena, &kind, &verdict, &error) && kind == LOG_VERDICT &&
        evidence_read(line, &arena, &evidence, &error)) {
        struct buffer text = {0};
        struct json json = json_into(&text);
        json_open_object(&json);
        verdict_write(&json, &verdict, &evidence);
        json_close_object(&json);
        if (json.failed) {
            abort();
        }
        buffer_clear(&text);
    }
    arena_clear(&arena);
    return 0;
}
