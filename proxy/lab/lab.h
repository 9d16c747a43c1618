// lab: scenarios of TLS that breaks, played on loopback with real TLS: lab origins, boxes that
// stand in the way, a real bridge, a real client. Nothing of the user's is used or trusted: root
// and authority are made fresh in memory. Uses bridge and all below it. Never prints.
//
//   file          | what it holds
//   --------------+----------------------------------------------------------------
//   speech.h      | text in the languages of midspan
//   origins.h     | the thread that hosts the lab's servers and boxes
//   origin.h      | what one server is to be
//   box.h         | what one TCP middlebox is to be
//   quirk.h       | how servers and boxes misbehave: names, and pure decisions
//   interceptor.h | a second bridge, with an authority of its own
//   scenario.h    | one exercise, read from its file; the list of those built in
//   reading.h     | a YAML file of the lab; case_read.h: the parts of a case
//   guard.h       | what a fix has to leave as it is
//   handout.h     | what a student is told of a scenario's parts
//   stage.h       | everything of one case, opened and closed in order
//   client.h      | the client of a case; client_h2.h: its HTTP/2;
//                 | client_raw.h: a recorded hello; client_socket.h: its socket
//   play.h        | one run of a case, and what came of it
//   trial.h       | a scenario as it is and mended, held against what it says
//   ladder.h      | both legs drawn side by side; ladder_rows.h: what stands there;
//                 | ladder_notes.h: … beneath a message
//   watch.h       | what the bridge told, kept
//   memory_file.h | files that are in memory only
//   progress.h    | what a student has done
//   lab_hosts.h   | scenarios as hosts behind a proxy
//   hello_send.h  | a recorded hello, said to a real server
#pragma once

#include "hello_send.h"
#include "interceptor.h"
#include "lab_hosts.h"
#include "ladder.h"
#include "origins.h"
#include "progress.h"
#include "scenario.h"
#include "speech.h"
#include "trial.h"
