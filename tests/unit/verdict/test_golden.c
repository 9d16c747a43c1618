// Golden files: evidence as midspan recorded it with real clients and origins, and the verdicts
// that came of it. After a change that is meant, MIDSPAN_GOLDEN=write writes the verdicts anew.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence_json.h"
#include "japanese.h"

#define FOLDER    TEST_DATA "/golden"
#define FILES_MAX 128
#define BYTES_MAX (1 << 20)
#define STEM_MAX  64

struct file {
    const char *name; // first: rows.h names a test by it
    char stem[STEM_MAX];
};

static struct file files[FILES_MAX];

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->stem, ((const struct file *)b)->stem);
}

static size_t list_files(void)
{
    size_t count = 0;
    DIR *folder = opendir(FOLDER);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char *end = strstr(entry->d_name, ".json");
        if (end == NULL) {
            continue;
        }
        assert_true(count < FILES_MAX && (size_t)(end - entry->d_name) < STEM_MAX);
        memcpy(files[count].stem, entry->d_name, (size_t)(end - entry->d_name));
        count++;
    }
    assert_int_equal(closedir(folder), 0);
    qsort(files, count, sizeof(files[0]), by_name);
    for (size_t i = 0; i < count; i++) {
        files[i].name = files[i].stem;
    }
    return count;
}

static struct slice read_file(const char *stem, const char *suffix, uint8_t *bytes)
{
    char path[512];
    snprintf(path, sizeof(path), FOLDER "/%s%s", stem, suffix);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return SLICE_EMPTY;
    }
    size_t len = fread(bytes, 1, BYTES_MAX, file);
    assert_int_equal(fclose(file), 0);
    return (struct slice){bytes, len};
}

static void write_file(const char *stem, struct slice text)
{
    char path[512];
    snprintf(path, sizeof(path), FOLDER "/%s.txt", stem);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

static void print_verdict(struct buffer *out, const struct verdict *verdict)
{
    buffer_printf(out, "%s: %s\n", severity_name(verdict->severity), verdict->cause->code);
    buffer_printf(out, "  leg %s, party %s, phase %s, %s, direct %s\n", side_name(verdict->leg),
                  party_name(verdict->party), phase_name(verdict->phase),
                  confidence_name(verdict->confidence), direct_name(verdict->direct));
    buffer_printf(out, "  summary: %s\n  fix: %s\n", verdict->summary, verdict->fix);
    if (verdict->offered != NULL) {
        buffer_printf(out, "  offered: %s\n", verdict->offered);
    }
    if (verdict->accepted != NULL) {
        buffer_printf(out, "  accepted: %s\n", verdict->accepted);
    }
    for (size_t i = 0; i < COUNT(verdict->facts) && verdict->facts[i] != NULL; i++) {
        buffer_printf(out, "  - %s\n", verdict->facts[i]);
    }
}

static void gives_golden_verdict(void **state)
{
    static uint8_t evidence_bytes[BYTES_MAX], want_bytes[BYTES_MAX];
    static struct verdict found[2 * VERDICTS_MAX];
    static struct evidence evidence;
    const struct file *file = *state;
    struct arena arena = {0};
    struct error error = {0};
    struct buffer text = {0};
    struct slice json = read_file(file->stem, ".json", evidence_bytes);
    if (!evidence_read(json, &arena, &evidence, &error)) {
        fail_msg("%s", error.text);
    }
    size_t count = verdict_find(&evidence, &arena, found, VERDICTS_MAX);
    count += verdict_masked(&evidence, &arena, &found[count], VERDICTS_MAX);
    for (size_t i = 0; i < count; i++) {
        print_verdict(&text, &found[i]);
        assert_facts_in_japanese(&found[i]);
    }
    const char *mode = getenv("MIDSPAN_GOLDEN");
    if (mode != NULL && strcmp(mode, "write") == 0) {
        write_file(file->stem, buffer_slice(&text));
    }
    struct slice want = read_file(file->stem, ".txt", want_bytes);
    if (!slice_equals(want, buffer_slice(&text))) {
        fail_msg("wanted:\n%.*sgot:\n%s", (int)want.len, (const char *)want.data,
                 buffer_text(&text));
    }
    buffer_clear(&text);
    arena_clear(&arena);
}

int main(void)
{
    size_t count = list_files();
    if (count == 0) {
        return 1;
    }
    return rows_run("golden", files, count, sizeof(files[0]), gives_golden_verdict);
}
