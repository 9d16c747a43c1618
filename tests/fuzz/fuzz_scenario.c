// Scenario files: any bytes are refused with a message or read, and what is read keeps its limits.
#undef NDEBUG // what the target asserts holds in every build
#include <assert.h>
#include <string.h>

#include "scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct scenario *scenario = scenario_parse((struct slice){data, size}, "scenario", &error);
    if (scenario == NULL) {
        assert(memchr(error.text, '\0', sizeof(error.text)) != NULL);
        assert(error.kind == ERROR_MEMORY || strncmp(error.text, "scenario:", 9) == 0);
        return 0;
    }
    assert(scenario->hint_count <= SCENARIO_HINTS_MAX && scenario->lesson < LESSONS);
    assert(scenario->broken.origin.site_count <= ORIGIN_SITES_MAX);
    assert(scenario->expect.masked_count <= SCENARIO_MASKED_MAX);
    scenario_free(scenario);
    return 0;
}
