// lab: scenarios of TLS that breaks, played on loopback with real TLS: lab origins, boxes that
// stand in the way, a real bridge, a real client. Nothing of the user's is used or trusted: root
// and authority are made fresh in memory. Uses bridge and all below it. Never prints.
//
//   file          | what it holds
//   --------------+----------------------------------------------------------------
//   speech.h      | text in the languages of the lab, and which one is wanted
//   origins.h     | the thread that hosts the lab's servers and boxes
//   origin.h      | what one server is to be
//   box.h         | what one TCP middlebox is to be
//   quirk.h       | how servers and boxes misbehave: names, and pure decisions
//   interceptor.h | a second bridge, with an authority of its own
#pragma once

#include "interceptor.h"
#include "origins.h"
#include "speech.h"
