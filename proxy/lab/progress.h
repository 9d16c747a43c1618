// What a student has done: scenarios mended, hints taken. Kept in one small file of the user's;
// where it can't be read or written, nothing is kept, and nobody is bothered.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PROGRESS_ROWS_MAX  512
#define PROGRESS_NAME_MAX  64
#define PROGRESS_BYTES_MAX ((size_t)64 * 1024)
#define PROGRESS_PATH_MAX  4096

struct progress_row {
    char name[PROGRESS_NAME_MAX]; // of the scenario
    bool is_done;
    unsigned hints; // told so far
};

// All-zero is a valid empty one, which is kept nowhere.
struct progress {
    char path[PROGRESS_PATH_MAX]; // empty: kept nowhere
    struct progress_row rows[PROGRESS_ROWS_MAX];
    size_t count;
};

// progress_open reads what there is in `folder`/lab.progress; lines that it does not know are left
// out. progress_save writes it, under another name first, with what others have saved meanwhile;
// false when it can't.
void progress_open(struct progress *progress, const char *folder);
bool progress_save(struct progress *progress);

// progress_of gives a scenario's row, made when there is none; NULL when there is no room for it,
// or the name is longer than PROGRESS_NAME_MAX - 1 or has a blank. progress_find makes none.
struct progress_row *progress_of(struct progress *progress, const char *name);
const struct progress_row *progress_find(const struct progress *progress, const char *name);

// progress_read reads the file's text; what is wrong in it is left out.
void progress_read(struct progress *progress, const char *text, size_t len);
