// certs: X.509. The local authority, the mint of leaves, trust stores and verification. Uses base
// and OpenSSL; the facts (certs/facts, a target of its own without OpenSSL) are what it hands on.
//
//   file                | what it holds
//   --------------------+----------------------------------------------------------
//   authority.h         | the authority made on first run, its files, PEM and DER
//   amend.h             | a revocation list of it, for verifying again
//   mint.h              | leaves: made, cached, counted; keys ahead of need
//   trust.h             | trust stores, verification, certificates read into facts
//   lab_recipe.h        | what a chain of the lab is to be, and the recipes with a name
//   lab_chain.h         | chains with faults on purpose, under a root of the lab's own
//   cert_bundle.h       | certificates as web servers give them out
//   responder.h         | OCSP: the question, and the answer read
//   crl.h               | revocation lists: where they are, and what they say
//   facts/cert_facts.h  | what certificates say and what verification found, as data
//
// Inside: authority_files (the two files on disk), leaf_make (one leaf), mint_cache (the bounded
// cache), cert_names (host names in certificates), cert_tools, facts and facts_text (the hostile
// input reader), trust_store, verify (OpenSSL past its first error), verify_path (why no anchor was
// reached, and the order), verify_name, verify_staple (stapled OCSP), verify_list (a list at hand),
// crl_scope (which certificates a list is for), der (DER without memory).
#pragma once

#include "amend.h"
#include "authority.h"
#include "cert_bundle.h"
#include "cert_facts.h"
#include "crl.h"
#include "lab_chain.h"
#include "mint.h"
#include "responder.h"
#include "trust.h"
