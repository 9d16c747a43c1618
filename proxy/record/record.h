// record: events and their sinks. Everything that is logged, recorded or shown goes through here.
// Uses base and verdict.
//
//   file       | what it holds
//   -----------+------------------------------------------------------------------
//   event.h    | the events
//   recorder.h | the queue and its thread; console and JSON Lines sinks; key log
#pragma once

#include "event.h"
#include "recorder.h"
