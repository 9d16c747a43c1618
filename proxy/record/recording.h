// A recording (--record FILE.db): an SQLite database of what every connection of every session did.
// docs/recordings.md tells its tables to users; recording_tables.c makes them.
#pragma once

#include "recorder.h"

#define RECORDING_APPLICATION_ID 0x6d737072 // "mspr", in the header of the file
#define RECORDING_VERSION        1          // of the tables: PRAGMA user_version

struct recording;

// recording_open opens the recording at `path` to append to, or makes one (0600), and begins a
// session in it, of this `version` of midspan. NULL (ERROR_CONFIG) for a file that is none of ours,
// of a newer version, or not to be written; such a file is left as it was. Blocks on disk, and up
// to 2 s for another process that writes to the file.
struct recording *recording_open(const char *path, const char *version, struct error *error);

uint64_t recording_session(const struct recording *recording); // its number, from 1

// recording_is_shared is false where readers hold up its writing: on a file system that has no
// shared memory (SQLite's WAL needs it).
bool recording_is_shared(const struct recording *recording);

// recording_sink keeps every event, and the evidence of each connection whose handshakes were seen.
// Bodies, cookies, authorization values and keys are in neither. What is queued is one
// transaction; another process can read at any time.
struct sink recording_sink(struct recording *recording);

// recording_close notes the end of the session and leaves one file, unless another process has it
// open. After recorder_free; NULL is fine.
void recording_close(struct recording *recording);

// ---- reading

#define RECORDING_ROWS_MAX 4000000 // of all tables, in one recording_read; more is an error

// Which connections are wanted; 0: of all sessions, every connection.
struct recording_wish {
    uint64_t session, connection;
};

// One connection, and one verdict event of it that no later one replaced, as the log has it; or,
// when it has none, its evidence (empty when no handshake was seen). All is borrowed for the call.
struct recorded {
    uint64_t session, connection;
    const char *began; // the session, RFC 3339
    struct slice verdict;
    struct slice evidence;
};

// Gives false, with `error`, to end the reading.
typedef bool (*recorded_fn)(void *user, const struct recorded *recorded, struct error *error);

// recording_is is true for a file that begins as SQLite databases do. Blocks on disk.
bool recording_is(const char *path);

// recording_read gives what is wished in order of session and connection, from one moment's state,
// while it may be written to. The file comes from anywhere: what is not a table of ours, no text,
// or larger than EVIDENCE_BYTES_MAX is refused. False (ERROR_CONFIG).
bool recording_read(const char *path, const struct recording_wish *wish, recorded_fn found,
                    void *user, struct error *error);
