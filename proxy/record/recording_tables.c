#include "recording_tables.h"

#include "recording.h"

#define TEXT_OF(number)    #number
#define NUMBER_OF(version) TEXT_OF(version)

// clang-format off
const char recording_tables[] =
    "CREATE TABLE sessions("
    " session INTEGER PRIMARY KEY,"
    " began TEXT NOT NULL,"
    " ended TEXT," // NULL: still runs, or was killed
    " midspan TEXT NOT NULL);"
    "CREATE TABLE connections("
    " session INTEGER NOT NULL REFERENCES sessions,"
    " connection INTEGER NOT NULL,"
    " opened TEXT, closed TEXT, duration_ms REAL,"
    " client TEXT, ingress TEXT, target TEXT,"
    " outcome TEXT,"
    " client_handshake TEXT, client_close TEXT, client_alert TEXT,"
    " client_version TEXT, client_suite TEXT, client_bytes INTEGER,"
    " server_handshake TEXT, server_close TEXT, server_alert TEXT,"
    " server_version TEXT, server_suite TEXT, server_bytes INTEGER,"
    " severity TEXT, leg TEXT, cause TEXT, party TEXT, confidence TEXT,"
    " PRIMARY KEY(session, connection)) WITHOUT ROWID;"
    "CREATE TABLE events("
    " event INTEGER PRIMARY KEY,"
    " session INTEGER NOT NULL REFERENCES sessions,"
    " connection INTEGER NOT NULL,"
    " time TEXT NOT NULL, kind TEXT NOT NULL, json TEXT NOT NULL);"
    "CREATE INDEX events_of_connection ON events(session, connection);"
    "CREATE TABLE verdicts("
    " verdict INTEGER PRIMARY KEY,"
    " event INTEGER NOT NULL REFERENCES events,"
    " session INTEGER NOT NULL REFERENCES sessions,"
    " connection INTEGER NOT NULL,"
    " severity TEXT, leg TEXT, cause TEXT, party TEXT, phase TEXT, confidence TEXT,"
    " summary TEXT, fix TEXT, direct TEXT, proof TEXT,"
    " replaced_by INTEGER REFERENCES verdicts);"
    "CREATE INDEX verdicts_of_connection ON verdicts(session, connection);"
    "CREATE TABLE evidence("
    " session INTEGER NOT NULL REFERENCES sessions,"
    " connection INTEGER NOT NULL,"
    " json TEXT NOT NULL,"
    " PRIMARY KEY(session, connection));"
    "PRAGMA application_id = " NUMBER_OF(RECORDING_APPLICATION_ID) ";"
    "PRAGMA user_version = " NUMBER_OF(RECORDING_VERSION) ";";
// clang-format on

#define JSON(path)  "json_extract(?5, '$." path "')"
#define IN          "INSERT INTO connections(session, connection, "
#define ON_CONFLICT " ON CONFLICT(session, connection) DO UPDATE SET "
#define NEW(column) #column " = excluded." #column
#define BIT(kind)   (1u << EVENT_##kind)

// Each event may be the first that is heard of its connection: those before may have been left out.
const struct recording_statement recording_statements[] = {
    {(1u << EVENTS) - 1, "INSERT INTO events(session, connection, time, kind, json)"
                         " VALUES(?1, ?2, ?3, ?4, ?5)"},
    {BIT(OPENED), IN "opened, client) VALUES(?1, ?2, ?3, " JSON("client") ")" ON_CONFLICT NEW(
                      opened) ", " NEW(client)},
    {BIT(TARGET), IN "ingress, target) VALUES(?1, ?2, " JSON("ingress") ", " JSON(
                      "target") ")" ON_CONFLICT NEW(ingress) ", " NEW(target)},
    {BIT(SECURED) | BIT(PLAIN) | BIT(PASSED), IN
     "outcome, client_version, client_suite, server_version, server_suite)"
     " VALUES(?1, ?2, ?4,"
     " coalesce(" JSON("legs.client.version") ", " JSON(
         "server_hello.version") "),"
                                 " coalesce(" JSON("legs.client.suite") ", " JSON(
                                     "server_hello.suite") "),"
                                                           " coalesce(" JSON("legs.server.version") ", " JSON(
                                                               "server_hello.version") "),"
                                                                                       " coalesce"
                                                                                       "(" JSON("le"
                                                                                                "gs"
                                                                                                ".s"
                                                                                                "er"
                                                                                                "ve"
                                                                                                "r."
                                                                                                "su"
                                                                                                "it"
                                                                                                "e") ", " JSON("server_"
                                                                                                               "hello."
                                                                                                               "suite") "))" ON_CONFLICT
                                                                                           NEW(outcome) ", " NEW(client_version) ", " NEW(
                                                                                               client_suite) ", " NEW(server_version) ", " NEW(server_suite)},
    // The event of this verdict is the row that was inserted last.
    {BIT(VERDICT),
     "INSERT INTO verdicts(event, session, connection, severity, leg, cause, party, phase,"
     " confidence, summary, fix, direct, proof) VALUES(last_insert_rowid(), ?1, ?2,"
     " " JSON("severity") ", " JSON("leg") ", " JSON("cause") ", " JSON(
         "party") ","
                  " " JSON("phase") ", " JSON("confidence") ", " JSON("summary") ", " JSON(
                      "fix") ","
                             " " JSON("direct") ", " JSON("proof") ")"},
    {BIT(VERDICT), "UPDATE verdicts SET replaced_by = last_insert_rowid() WHERE " JSON(
                       "update") " AND"
                                 " session = ?1 AND connection = ?2 AND leg = " JSON(
                                     "leg") " AND"
                                            " severity = " JSON(
                                                "severity") " AND verdict < last_insert_rowid() AND"
                                                            " replaced_by IS NULL"},
    {BIT(VERDICT),
     IN "outcome, severity, leg, cause, party, confidence) VALUES(?1, ?2,"
        " iif(" JSON("severity") " = 'error', 'broken', NULL), " JSON(
            "severity") ","
                        " " JSON("leg") ", " JSON("cause") ", " JSON("party") ", " JSON(
                            "confidence") ")" ON_CONFLICT "outcome = coalesce(excluded.outcome, "
                                          "outcome), " NEW(severity) ", " NEW(leg) ", " NEW(
                                              cause) ", " NEW(party) ", " NEW(confidence)
     // The first that is told stands, but an error before a warning, and an update before all.
     " WHERE cause IS NULL OR (severity = 'warning' AND excluded.severity = 'error') OR " JSON(
         "update")},
    // Until there is better: the evidence of the whole connection comes when it closes.
    {BIT(VERDICT), "INSERT OR IGNORE INTO evidence(session, connection, json)"
                   " VALUES(?1, ?2, " JSON("evidence") ")"},
    {BIT(SECURED) | BIT(PASSED) | BIT(CLOSED),
     "INSERT INTO evidence(session, connection, json) SELECT ?1, ?2, ?6 WHERE ?6 IS NOT "
     "NULL" ON_CONFLICT NEW(json)},
    {BIT(CLOSED),
     IN "closed, duration_ms, target,"
        " client_handshake, client_close, client_alert, client_bytes,"
        " server_handshake, server_close, server_alert, server_bytes)"
        " VALUES(?1, ?2, ?3, " JSON("duration_ms") ", " JSON(
            "target") ","
                      " " JSON("legs.client.handshake") ", " JSON("legs.client.close") ","
                                                                                       " coalesce"
                                                                                       "(" JSON("le"
                                                                                                "gs"
                                                                                                "."
                                                                                                "cl"
                                                                                                "ie"
                                                                                                "nt"
                                                                                                "."
                                                                                                "ha"
                                                                                                "nd"
                                                                                                "sh"
                                                                                                "a"
                                                                                                "ke"
                                                                                                "_"
                                                                                                "al"
                                                                                                "er"
                                                                                                "t") ", " JSON("legs.client.close_alert") "),"
                                                                                                                                          " " JSON("legs.client.bytes_received") ","
                                                                                                                                                                                 " " JSON("legs.server.handshake") ", " JSON("legs.server.close") ","
                                                                                                                                                                                                                                                  " coalesce(" JSON("legs.server.handshake_alert") ", " JSON("legs.server.close_alert") "),"
                                                                                                                                                                                                                                                                                                                                        " " JSON("legs.server.bytes_received") ")" ON_CONFLICT NEW(
                                                                                                                                                                                                                                                                                                                                            closed) ", " NEW(duration_ms) ", target = coalesce(excluded.target, target), " NEW(client_handshake) ", " NEW(client_close) ", " NEW(client_alert) ", " NEW(client_bytes) ", " NEW(server_handshake) ", " NEW(server_close) ", " NEW(server_alert) ", " NEW(server_bytes)},
};
