// probe: counterfactual handshakes that prove a verdict. One thing is changed at a time; the
// smallest change that makes the handshake pass is the cause. Uses leg, ingress and verdict and
// what they stand on.
//
//   file         | what it holds
//   -------------+------------------------------------------------------------------
//   prove.h      | the server leg: the origin is dialled again, in rounds
//   reverify.h   | certificates, verified again in memory
//   recheck.h    | one chain of any leg, verified again with changes (for those above)
//   inquiry.h    | the addresses that certificates name, asked: a missing issuer, a responder, a
//                | revocation list
//   missing.h    | what a fetched issuer proves
//   revoked.h    | what a responder's answer says, or a list
//   other_clock.h| whether the certificate is out of date, or midspan's clock
//   fetch.h      | one question to a web server
//   answers.h    | what such questions brought lately
//   http_answer.h| one answer of HTTP/1, read
//   web_address.h| addresses in certificates, read
//   replay.h     | the client leg: its hello, played to a server of another shape
//   rehearse.h   | the client leg: a client without a certificate, in memory
//   reread.h     | the ingress: the same bytes, read as everything else
//   judgement.h  | the client leg: why the client refused our leaf
//   experiment.h | the client leg after our certificate: what its next connections are asked
//   plan.h       | which trials, in which order (pure)
//   conclude.h   | what the trials prove (pure)
//   finding.h    | … and the words for it (pure)
//   own_fault.h  | what they prove of an origin that fails by itself (inside)
//   exclude.h    | … when nothing passes, whatever is offered (pure)
//   full.h       | whole handshakes: which, and what they prove (pure)
//   reach.h      | names and addresses tried again: which, and what they prove (pure)
//   prover.h     | what the provers that dial have in common (inside)
//   change.h     | one trial: the change, the outcome
//   variant.h    | a recorded hello with one thing changed
//   draft.h      | its lists while that is made (inside)
//   wide.h       | broad lists of suites, groups and schemes
//   shares.h     | fresh key shares
//   hello_dial.h | one dial with a raw hello
//   survey.h     | what a server takes, asked at length; survey_terms.h: for predictions
//   outcomes.h   | what dials brought lately
#pragma once

#include "inquiry.h"
#include "judgement.h"
#include "prove.h"
#include "recheck.h"
#include "rehearse.h"
#include "replay.h"
#include "reread.h"
#include "reverify.h"
