// Which certificates a revocation list is for: the distribution points of the one, the issuing
// distribution point of the other (RFC 5280 sections 4.2.1.13 and 5.2.5). Not for other folders.
#pragma once

#include "crl.h"

// crl_scope tells what the list's issuing distribution point (DER; empty: it has none) means for
// the certificate: CRL_ABSENT when it is for it, else why not. *out_partial is then whether it
// holds some reasons only.
enum crl_says crl_scope(struct slice point, X509 *certificate, bool *out_partial);
