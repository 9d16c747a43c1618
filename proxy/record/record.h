// record: events and their sinks. Everything that is logged, recorded or shown goes through here.
// Uses base and verdict.
//
//   file        | what it holds
//   ------------+------------------------------------------------------------------
//   event.h     | the events
//   recorder.h  | the queue and its thread; console and JSON Lines sinks; key log
//   recording.h | a database of all sessions: written as a sink, and read
//
// Inside: sink_queue.h (one sink's bytes), pen.h (terminal text), console_view.h (each event's),
// jsonl.h (an event as a line), recording_frame.h, recording_tables.h and recording_file.h.
#pragma once

#include "event.h"
#include "recorder.h"
#include "recording.h"
