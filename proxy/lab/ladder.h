// The ladder: both legs of one connection side by side, a row for each message in the order of
// time, as the bridge saw them.
//
//       ms  client                     midspan                     origin
//      0.4    │── ClientHello ───────────▶│                           │
//             │   TLS 1.2–1.3, 31 suites  │                           │
//      1.2    │                           │── ClientHello ───────────▶│
#pragma once

#include "pen.h"
#include "play.h"

// Below this the gaps between the lines hold no message any more; the ladder is drawn for it all
// the same.
#define LADDER_COLUMNS_MIN 60
#define LADDER_COLUMNS_MAX 120
#define LADDER_ROWS_MAX    128

// ladder_write draws what came of one client in a case. With `tells_box`, a box that stands in the
// way is named at the top of the leg that it stands on: midspan can't see it, and for a student it
// may be the answer. What peers said is escaped.
void ladder_write(struct pen *pen, const struct play_part *part, const struct lab_case *lab_case,
                  bool tells_box, enum language language);
