// lab: scenarios of TLS that breaks, played on loopback with real TLS: lab origins, boxes that
// stand in the way, a real bridge, a real client. Nothing of the user's is used or trusted: root
// and authority are made fresh in memory. Uses bridge and all below it. Never prints.
//
//   file          | what it holds
//   --------------+----------------------------------------------------------------
//   speech.h      | text in the languages of the lab, and which one is wanted
#pragma once

#include "speech.h"
