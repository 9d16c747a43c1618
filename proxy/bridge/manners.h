// What the client gets when the server leg broke, as the failure manners say: a page over TLS, the
// origin's alert mirrored, or a reset. Each returns what the machine does next.
#pragma once

#include "connection.h"

// manners_tell tells the client of the server leg's failure; its verdict has been told.
enum step manners_tell(struct connection *c);
// manners_tell_ingress answers the client's proxy protocol, which still waits.
enum step manners_tell_ingress(struct connection *c);
// manners_linger ends the connection once what is queued is out; manners_drop ends it now.
enum step manners_linger(struct connection *c);
enum step manners_drop(struct connection *c);
