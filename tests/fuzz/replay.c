// Runs a fuzz target over every file of a corpus folder, then over each file's prefixes.
#include <assert.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX    (1 << 20)
#define PREFIXES_EACH_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const uint8_t *data, size_t size)
{
    // A copy of the exact size, so that a read past the end is one that ASan sees.
    uint8_t *exact = malloc(size > 0 ? size : 1);
    assert(exact != NULL);
    if (size > 0) {
        memcpy(exact, data, size);
    }
    (void)LLVMFuzzerTestOneInput(exact, size); // always 0 by libFuzzer's contract
    free(exact);
}

static void replay_file(const char *path)
{
    static uint8_t bytes[FILE_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return;
    }
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file); // opened for reading: nothing to lose
    replay(bytes, size);
    for (size_t prefix = 0; prefix < size && prefix < PREFIXES_EACH_MAX; prefix++) {
        replay(bytes, prefix);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    DIR *folder = opendir(argv[1]);
    if (folder == NULL) {
        (void)fprintf(stderr, "cannot open corpus folder '%s'\n", argv[1]);
        return 1;
    }
    size_t files = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char path[4096];
        (void)snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        replay_file(path);
        files++;
    }
    (void)closedir(folder);
    if (files == 0) {
        (void)fprintf(stderr, "corpus folder '%s' is empty\n", argv[1]);
        return 1;
    }
    (void)printf("%zu corpus files replayed\n", files);
    return 0;
}
