// record: events and their sinks. Everything that is logged, recorded or shown goes through here.
// Uses base and verdict.
//
//   file       | what it holds
//   -----------+------------------------------------------------------------------
//   event.h    | the events
//   recorder.h | the queue and its thread; console and JSON Lines sinks; key log
//
// Inside: sink_queue.h (one sink's bytes), pen.h (terminal text), console_view.h (each event's).
#pragma once

#include "event.h"
#include "recorder.h"
