// The two legs of a connection.
#pragma once

// CLIENT: the client leg, where midspan is the TLS server. SERVER: the server leg, where midspan
// is the TLS client. `!side` is the other one.
enum side {
    CLIENT,
    SERVER,
    SIDES
};

// side_name gives "client" or "server".
static inline const char *side_name(enum side side)
{
    return side == CLIENT ? "client" : "server";
}
