// cli: the command line. It alone prints, reads the terminal, starts programs and decides exit
// codes. Uses everything below it.
//
//   file           | what it holds
//   ---------------+------------------------------------------------------------------
//   main.c         | finds the command, parses its line, runs it
//   command.h      | what a command is; the table of them
//   cmd_NAME.c     | one command: its text, its options, what it does
//   help.h         | `help`, `--help`, `--version`
//   options.h      | a command line parsed; settings from defaults, --config and flags
//   report.h       | errors to standard error; exit codes
//   tongue.h       | the language in which midspan speaks
//   terminal.h     | colour, columns, a yes or no
//   session.h      | authority, sinks, recorder and proxy, opened and closed in order
//   serving.h      | runs a session until a signal ends it; reloads
//   wrapped.h      | a session around one program: exec and browser
//   child.h        | that program: started, signalled, waited for
//   environment.h  | its environment: proxy and trust variables
//   scratch.h      | a folder that is removed at the end
//   bundle.h       | the system's certificates with ours, as PEM and as a Java key store
//   chromium.h     | Chromium's arguments and profile
//   firefox.h      | Firefox's arguments and profile
//   trust_place.h  | a store that can trust the authority: the system's, a browser's
//   nss.h          | NSS stores, by certutil
//   system_store.h | the system's store, by update-ca-certificates
//   tool.h         | runs a small program and keeps what it printed
//   file.h         | whole files read and written
//   sheet.h        | rows, tables and JSON for standard output
//   preset_hello.h | a client preset's ClientHello, decoded
//   preset_view.h  | one preset in full
//   bridge_case.h  | an edge and a server to predict, from what the user wrote
//   predict_view.h | a prediction shown
//   expectation.h  | one entry of the file that check reads
//   probe_run.h    | a survey made and printed
//   probe_view.h   | a survey shown
//   reach.h        | whether a host can be reached at all
//   explain_view.h | verdicts on standard output
#pragma once

#include "command.h"
