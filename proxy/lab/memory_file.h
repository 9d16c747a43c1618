// A file that is in memory only: for what is read by its name (trust stores, certificates) and must
// not touch the disk.
#pragma once

#include "error.h"
#include "slice.h"

#define MEMORY_FILE_PATH_MAX 64

// All-zero is a valid empty one.
struct memory_file {
    int fd;
    bool is_open;
    char path[MEMORY_FILE_PATH_MAX]; // for this process
};

// memory_file_make makes a file with these bytes. It lives until memory_file_clear, and so does its
// path. ERROR_FILE when the system has none.
bool memory_file_make(struct memory_file *file, struct slice bytes, struct error *error);
void memory_file_clear(struct memory_file *file);
