// The strategy against scripted servers: what is tried, in which order, and what it proves. The
// server is the predictor, with manners of its own; no socket.
#include "rows.h"

#include <string.h>

#include "../policy/hellos.h"
#include "conclude.h"
#include "predict.h"

#define BOTH (KEY_RSA | KEY_ECDSA)
#define MODERN13                                                                                  \
    {                                                                                             \
        .versions = {0x0304, 0x0303}, .suites = {0x1301, 0x1302, 0xc02b, 0xc02f, 0xc02c, 0xc030}, \
        .groups = {0x001d, 0x0017, 0x0018}, .schemes = {0x0403, 0x0804, 0x0805, 0x0401},          \
        .shares = {                                                                               \
            0x001d                                                                                \
        }                                                                                         \
    }

// Self-signed certificates with keys on P-256 and on secp256k1.
static const char leaf_p256[] =
    "308201143081bb0214552ab1eadd8f17a74a9797d3b450dd5b8a5dd6fa300a06082a8648ce3d040302300c31"
    "0a300806035504030c01613020170d3236313132393031343632345a180f3231323631313035303134363234"
    "5a300c310a300806035504030c01613059301306072a8648ce3d020106082a8648ce3d03010703420004b8f1"
    "35bc76fa9d4ce3bc884135091e650540000b46dd07c9c1491c92fdcf66cc89de655d0bab68477f63a0997b2e"
    "9a86dd17744963cef443d9233cd5ea1e8155300a06082a8648ce3d0403020348003045022034e737ebd72999"
    "c47c669b515d8bde226606b826b26eed11347661196d28b63c022100ac3d36387a02fb12ed7c6e10d9d36ff8"
    "36780dd49f394e5328d43e0e5ea884c5";
static const char leaf_k256[] =
    "308201123081b802145873b55e443353b0fb584f3223d6700306d62af4300a06082a8648ce3d040302300c31"
    "0a300806035504030c01613020170d3236313132393031343632355a180f3231323631313035303134363235"
    "5a300c310a300806035504030c01613056301006072a8648ce3d020106052b8104000a034200044d61326630"
    "32b1287738f948f83b4ccac658bc6fb8fb21b7d037d522423af42e043c877aafca9b90630b227aede3403a46"
    "49d0f67c88ac7e7e2ae429a8b4f4e4300a06082a8648ce3d0403020349003046022100c6436f03bee907e010"
    "d0e31afc7f0e9e992d9cdeb0c75304f4fad9ea5de1687c022100fe02ff72d1b88e5ea8f7360851c105920f92"
    "49f58cb6f611340263cc1e933404";

struct server {
    uint16_t min, max;
    uint16_t suites[LIST_MAX], groups[LIST_MAX], schemes[LIST_MAX];
    uint32_t keys;
    const char *name;  // the only one that it knows; NULL: any, or none
    const char *alpn;  // NULL: does not look
    size_t len_max;    // longer hellos are reset; 0: any
    bool hates_tls13;  // resets hellos that offer it
    bool is_mute;      // resets whatever it is sent
    bool is_silent;    // never answers
    bool is_plain;     // speaks something else
    uint8_t alert;     // answers with it whatever it is sent; 0: does not
    uint8_t other;     // … and with this when there is no name; 0: the same
    bool wants_ems;    // refuses TLS 1.2 without extended_master_secret
    const char *hated; // resets hellos that name it
    bool is_moody;     // the second hello is taken, whatever it is
    bool is_fickle;   // resets at first, and answers by an alert from then on what it does not take
    uint16_t curve;   // of its certificate's key, which TLS 1.2 wants among the groups; 0: any
    const char *leaf; // … and the certificate, hex
    uint16_t record;  // resets hellos in records of another version; 0: takes any
};

static const struct row {
    const char *name;
    struct hello_row client, sent; // `sent` without suites: the client's
    const char *client_sni, *sent_sni;
    struct server server;
    bool is_passed; // … on untouched: the client's own hello is what was sent
    const char *code, *party, *confidence;
    const char *accepted; // NULL: not asked
    const char *direct;
} rows[] = {
    {.name = "a suite that the bridge left out",
     .client = MODERN13,
     .sent = {.versions = {0x0303}, .suites = {0xc030}, .groups = {0x0017}, .schemes = {0x0804}},
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA},
     .code = "cipher.no-common-suite",
     .party = "bridge",
     .confidence = "proven",
     .accepted = "ECDHE-RSA-AES128-GCM-SHA256",
     .direct = "would-succeed"},
    {.name = "a suite that the client has not either",
     .client = {.versions = {0x0303}, .suites = {0xc030}, .groups = {0x0017}, .schemes = {0x0804}},
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA},
     .code = "cipher.no-common-suite",
     .party = "client",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "a server without forward secrecy must move itself",
     .client = MODERN13,
     .sent = {.versions = {0x0303}, .suites = {0xc030}, .groups = {0x0017}, .schemes = {0x0804}},
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0x002f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA},
     .code = "cipher.no-common-suite",
     .party = "server",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "suites for RSA certificates only, an ECDSA one",
     .client = MODERN13,
     .sent = {.versions = {0x0303},
              .suites = {0xc02f, 0xc030},
              .groups = {0x0017},
              .schemes = {0x0403, 0x0804}},
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02b, 0xc02f},
                .groups = {0x0017},
                .schemes = {0x0403, 0x0804},
                .keys = KEY_ECDSA},
     .code = "cipher.certificate-type-mismatch",
     .party = "bridge",
     .confidence = "proven",
     .direct = "would-succeed"},
    {.name = "suites and schemes for RSA certificates only: two lists must grow",
     .client = MODERN13,
     .sent = {.versions = {0x0303}, .suites = {0xc02f}, .groups = {0x0017}, .schemes = {0x0804}},
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02b, 0xc02f},
                .groups = {0x0017},
                .schemes = {0x0403, 0x0804},
                .keys = KEY_ECDSA},
     .code = "cipher.certificate-type-mismatch",
     .party = "bridge",
     .confidence = "proven",
     .direct = "would-succeed"},
    {.name = "a group of TLS 1.3",
     .client = MODERN13,
     .sent = {.versions = {0x0304},
              .suites = {0x1301},
              .groups = {0x0017},
              .schemes = {0x0804},
              .shares = {0x0017}},
     .server = {.min = 0x0304,
                .max = 0x0304,
                .suites = {0x1301},
                .groups = {0x0018},
                .schemes = {0x0804},
                .keys = KEY_RSA},
     .code = "group.no-common",
     .party = "bridge",
     .confidence = "proven",
     .accepted = "secp384r1",
     .direct = "would-succeed"},
    {.name = "a group, though suites without one would do as well",
     .client = MODERN13,
     .sent = {.versions = {0x0303}, .suites = {0xc02f}, .groups = {0x0019}, .schemes = {0x0804}},
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02f, 0x009c, 0x002f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA},
     .code = "group.no-common",
     .party = "bridge",
     .confidence = "proven",
     .accepted = "secp256r1",
     .direct = "would-succeed"},
    {.name = "the curve of the certificate's key, where the group of the exchange was offered",
     .client = MODERN13,
     .sent = {.versions = {0x0303},
              .suites = {0xc02b},
              .groups = {0x001d},
              .schemes = {0x0403, 0x0804}},
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02b},
                .groups = {0x001d, 0x0017},
                .schemes = {0x0403},
                .keys = KEY_ECDSA,
                .curve = 0x0017,
                .leaf = leaf_p256},
     .code = "group.no-common",
     .party = "bridge",
     .confidence = "proven",
     .accepted = "secp256r1",
     .direct = "would-succeed"},
    {.name = "a certificate's key on a curve that nobody offers any more",
     .client = MODERN13,
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02b},
                .groups = {0x001d, 0x0017},
                .schemes = {0x0403},
                .keys = KEY_ECDSA,
                .curve = 0x0016,
                .leaf = leaf_k256},
     .code = "group.no-common",
     .party = "server",
     .confidence = "proven",
     .accepted = "secp256k1",
     .direct = "would-fail"},
    {.name = "a scheme of TLS 1.3, found though it is encrypted",
     .client = MODERN13,
     .sent = {.versions = {0x0304},
              .suites = {0x1301},
              .groups = {0x001d},
              .schemes = {0x0806},
              .shares = {0x001d}},
     .server = {.min = 0x0304,
                .max = 0x0304,
                .suites = {0x1301},
                .groups = {0x001d},
                .schemes = {0x0804},
                .keys = KEY_RSA},
     .code = "sigalg.no-common",
     .party = "bridge",
     .confidence = "proven",
     .accepted = "rsa_pss_rsae_sha256",
     .direct = "would-succeed"},
    {.name = "the other kind of certificate in TLS 1.3",
     .client = MODERN13,
     .sent = {.versions = {0x0304},
              .suites = {0x1301},
              .groups = {0x001d},
              .schemes = {0x0804},
              .shares = {0x001d}},
     .server = {.min = 0x0304,
                .max = 0x0304,
                .suites = {0x1301},
                .groups = {0x001d},
                .schemes = {0x0403},
                .keys = KEY_ECDSA},
     .code = "cipher.certificate-type-mismatch",
     .party = "bridge",
     .confidence = "proven",
     .direct = "would-succeed"},
    {.name = "a version that the bridge left out",
     .client = MODERN13,
     .sent = {.versions = {0x0303}, .suites = {0xc02f}, .groups = {0x0017}, .schemes = {0x0804}},
     .server = {.min = 0x0304,
                .max = 0x0304,
                .suites = {0x1301},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA},
     .code = "protocol.no-common-version",
     .party = "bridge",
     .confidence = "proven",
     .accepted = "TLS 1.3",
     .direct = "would-succeed"},
    {.name = "an old server must move itself",
     .client = MODERN13,
     .server = {.min = 0x0301,
                .max = 0x0301,
                .suites = {0xc014, 0x002f},
                .groups = {0x0017},
                .schemes = {0x0201},
                .keys = KEY_RSA},
     .code = "protocol.no-common-version",
     .party = "server",
     .confidence = "proven",
     .accepted = "TLS 1.0",
     .direct = "would-fail"},
    {.name = "a server with both versions lacks the suite, not the version",
     .client = MODERN13,
     .sent = {.versions = {0x0303}, .suites = {0xc030}, .groups = {0x0017}, .schemes = {0x0804}},
     .server = {.min = 0x0303,
                .max = 0x0304,
                .suites = {0x1301, 0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA},
     .code = "cipher.no-common-suite",
     .party = "bridge",
     .confidence = "proven",
     .direct = "would-succeed"},
    {.name = "no name where one is needed",
     .client = MODERN13,
     .client_sni = "app.test",
     .server = {.min = 0x0303,
                .max = 0x0304,
                .suites = {0x1301},
                .groups = {0x001d},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .name = "app.test"},
     .code = "sni.required",
     .party = "bridge",
     .confidence = "proven",
     .accepted = "app.test",
     .direct = "would-succeed"},
    {.name = "another name than the client's",
     .client = MODERN13,
     .client_sni = "app.test",
     .sent_sni = "other.test",
     .server = {.min = 0x0303,
                .max = 0x0304,
                .suites = {0x1301},
                .groups = {0x001d},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .name = "app.test"},
     .code = "sni.unrecognized",
     .party = "bridge",
     .confidence = "proven",
     .accepted = "app.test",
     .direct = "would-succeed"},
    {.name = "a name with a final dot",
     .client = MODERN13,
     .client_sni = "app.test.",
     .sent_sni = "app.test.",
     .server = {.min = 0x0303,
                .max = 0x0304,
                .suites = {0x1301},
                .groups = {0x001d},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .name = "app.test"},
     .code = "sni.malformed",
     .party = "client",
     .confidence = "proven",
     .accepted = "app.test",
     .direct = "would-fail"},
    {.name = "a name of the bridge's own with a port",
     .client = MODERN13,
     .client_sni = "app.test",
     .sent_sni = "shop.test:8443",
     .server = {.min = 0x0303,
                .max = 0x0304,
                .suites = {0x1301},
                .groups = {0x001d},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .name = "shop.test"},
     .code = "sni.malformed",
     .party = "bridge",
     .confidence = "proven",
     .accepted = "shop.test",
     .direct = "would-fail"},
    {.name = "a name with an underscore",
     .client = MODERN13,
     .client_sni = "my_app.test",
     .sent_sni = "my_app.test",
     .server = {.min = 0x0303,
                .max = 0x0304,
                .suites = {0x1301},
                .groups = {0x001d},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .name = "my-app.test"},
     .code = "sni.malformed",
     .party = "client",
     .confidence = "proven",
     .accepted = "my-app.test",
     .direct = "would-fail"},
    {.name = "a name that the server does not know, nor any other hello",
     .client = MODERN13,
     .client_sni = "app.test",
     .sent_sni = "app.test",
     .server = {.min = 0x0303,
                .max = 0x0304,
                .suites = {0x1301},
                .groups = {0x001d},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .name = "elsewhere.test"},
     .code = "sni.unrecognized",
     .party = "server",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "h2 alone, a server of HTTP/1.1",
     .client = {.versions = {0x0304},
                .suites = {0x1301},
                .groups = {0x001d},
                .schemes = {0x0804},
                .shares = {0x001d},
                .alpn = "\x02h2"},
     .server = {.min = 0x0304,
                .max = 0x0304,
                .suites = {0x1301},
                .groups = {0x001d},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .alpn = "\x08http/1.1"},
     .code = "alpn.no-overlap",
     .party = "client",
     .confidence = "proven",
     .accepted = "http/1.1",
     .direct = "would-fail"},
    {.name = "neither a suite nor a protocol in common",
     .client = {.versions = {0x0303},
                .suites = {0xc030},
                .groups = {0x0017},
                .schemes = {0x0804},
                .alpn = "\x02h2"},
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .alpn = "\x08http/1.1"},
     .code = "cipher.no-common-suite",
     .party = "client",
     .confidence = "proven",
     .accepted = "ECDHE-RSA-AES128-GCM-SHA256",
     .direct = "would-fail"},
    {.name = "a server that resets whatever offers TLS 1.3",
     .client = MODERN13,
     .client_sni = "app.test",
     .sent_sni = "app.test",
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .hates_tls13 = true},
     .code = "protocol.intolerant",
     .party = "server",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "a box that drops hellos of more than 300 bytes",
     .client = {.versions = {0x0304, 0x0303},
                .suites = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca8, 0xcca9},
                .groups = {0x001d, 0x0017, 0x0018},
                .schemes = {0x0403, 0x0804, 0x0805, 0x0401, 0x0806, 0x0503, 0x0603, 0x0501, 0x0601},
                .shares = {0x001d},
                .alpn = "\x78"
                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
     .client_sni = "app.test",
     .sent_sni = "app.test",
     .server = {.min = 0x0303,
                .max = 0x0304,
                .suites = {0x1301, 0xc02f},
                .groups = {0x001d},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .len_max = 260},
     .code = "hello.intolerant",
     .party = "server",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "a server whose certificate can't sign in the TLS 1.3 that it chooses",
     .client = MODERN13,
     .server = {.min = 0x0303,
                .max = 0x0304,
                .suites = {0x1301, 0xc02f},
                .groups = {0x0017},
                .schemes = {0x0401},
                .keys = KEY_RSA},
     .code = "protocol.intolerant",
     .party = "server",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "a server that prefers the key that it has no scheme for",
     .client = MODERN13,
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02f, 0xc02b},
                .groups = {0x0017},
                .schemes = {0x0403},
                .keys = BOTH},
     .code = "cipher.certificate-type-mismatch",
     .party = "server",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "a server that no hello can mend: suites for the key that it lacks",
     .client = MODERN13,
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02b},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA},
     .code = "cipher.no-common-suite",
     .party = "server",
     .confidence = "suspected",
     .direct = "would-fail"},
    {.name = "two lists at odds, the others left as they were",
     .client = MODERN13,
     .sent = {.versions = {0x0303}, .suites = {0xc030}, .groups = {0x0019}, .schemes = {0x0804}},
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA},
     .code = "cipher.no-common-suite",
     .party = "bridge",
     .confidence = "proven",
     .accepted = "ECDHE-RSA-AES128-GCM-SHA256",
     .direct = "would-succeed"},
    {.name = "a box that resets whatever it is sent",
     .client = MODERN13,
     .server = {.is_mute = true},
     .code = "transport.reset",
     .party = "network",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "a box that resets whatever it is sent, one version and a name",
     .client = MODERN13,
     .sent = {.versions = {0x0303}, .suites = {0xc030}, .groups = {0x0017}, .schemes = {0x0804}},
     .client_sni = "app.test",
     .sent_sni = "app.test",
     .server = {.is_mute = true},
     .code = "transport.reset",
     .party = "network",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "a server that never answers, whatever it is sent",
     .client = MODERN13,
     .client_sni = "app.test",
     .sent_sni = "app.test",
     .server = {.is_silent = true},
     .code = "transport.timeout",
     .party = "network",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "a server of another protocol, whatever it is sent",
     .client = MODERN13,
     .server = {.is_plain = true},
     .code = "transport.not-tls",
     .party = "server",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "a server that denies, whatever it is sent",
     .client = MODERN13,
     .client_sni = "app.test",
     .sent_sni = "app.test",
     .server = {.alert = ALERT_ACCESS_DENIED},
     .code = "alert.access-denied",
     .party = "server",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "a server that breaks, whatever it is sent",
     .client = MODERN13,
     .server = {.alert = ALERT_INTERNAL_ERROR},
     .code = "alert.internal-error",
     .party = "server",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "another alert without a name excludes nothing",
     .client = MODERN13,
     .client_sni = "app.test",
     .sent_sni = "app.test",
     .server = {.alert = ALERT_INTERNAL_ERROR, .other = ALERT_ACCESS_DENIED},
     .code = "alert.internal-error",
     .party = "server",
     .confidence = "suspected",
     .direct = "would-fail"},
    {.name = "a name refused, and every other hello with it or without",
     .client = MODERN13,
     .client_sni = "app.test",
     .sent_sni = "app.test",
     .server = {.alert = ALERT_UNRECOGNIZED_NAME},
     .code = "sni.unrecognized",
     .party = "server",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "passed on: a client up to TLS 1.2, a server from 1.3",
     .client = {.versions = {0x0303}, .suites = {0xc02f}, .groups = {0x001d}, .schemes = {0x0804}},
     .client_sni = "app.test",
     .sent_sni = "app.test",
     .is_passed = true,
     .server = {.min = 0x0304,
                .max = 0x0304,
                .suites = {0x1301},
                .groups = {0x001d},
                .schemes = {0x0804},
                .keys = KEY_RSA},
     .code = "protocol.no-common-version",
     .party = "client",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "passed on: a name refused, and every other hello",
     .client = MODERN13,
     .client_sni = "app.test",
     .sent_sni = "app.test",
     .is_passed = true,
     .server = {.alert = ALERT_UNRECOGNIZED_NAME},
     .code = "sni.unrecognized",
     .party = "server",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "passed on: a suite that the client lacks",
     .client = {.versions = {0x0303}, .suites = {0xc030}, .groups = {0x0017}, .schemes = {0x0804}},
     .is_passed = true,
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA},
     .code = "cipher.no-common-suite",
     .party = "client",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "passed on: a server that insists on extended master secret",
     .client = {.versions = {0x0303},
                .suites = {0xc02b, 0xc02f, 0xc02c, 0xc030},
                .groups = {0x001d, 0x0017},
                .schemes = {0x0403, 0x0804}},
     .client_sni = "app.test",
     .sent_sni = "app.test",
     .is_passed = true,
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .wants_ems = true},
     .code = "protocol.ems-required",
     .party = "client",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "a box that resets hellos of one name",
     .client = MODERN13,
     .client_sni = "app.test",
     .sent_sni = "app.test",
     .server = {.min = 0x0303,
                .max = 0x0304,
                .suites = {0x1301, 0xc02f},
                .groups = {0x001d},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .hated = "app.test"},
     .code = "sni.unrecognized",
     .party = "server",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "a box that resets records of TLS 1.0",
     .client = MODERN13,
     .client_sni = "app.test",
     .sent_sni = "app.test",
     .server = {.min = 0x0303,
                .max = 0x0304,
                .suites = {0x1301, 0xc02f},
                .groups = {0x001d},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .record = 0x0303},
     .code = "protocol.intolerant",
     .party = "server",
     .confidence = "proven",
     .direct = "would-fail"},
    {.name = "a hello that fails otherwise when it is sent again proves nothing",
     .client = MODERN13,
     .sent = {.versions = {0x0303}, .suites = {0xc030}, .groups = {0x0017}, .schemes = {0x0804}},
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02f},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .is_fickle = true},
     .code = "transport.reset",
     .party = "network",
     .confidence = "suspected",
     .direct = "would-succeed"},
    {.name = "a failure that comes and goes proves nothing",
     .client = MODERN13,
     .sent = {.versions = {0x0303}, .suites = {0xc030}, .groups = {0x0017}, .schemes = {0x0804}},
     .server = {.min = 0x0303,
                .max = 0x0303,
                .suites = {0xc02f, 0xc030},
                .groups = {0x0017},
                .schemes = {0x0804},
                .keys = KEY_RSA,
                .is_moody = true},
     .code = "cipher.certificate-type-mismatch",
     .party = "bridge",
     .confidence = "suspected",
     .direct = "would-succeed"},
};

// ---- the scripted server

static void fill(struct number_list *out, const uint16_t *numbers)
{
    for (size_t i = 0; i < LIST_MAX && numbers[i] != 0; i++) {
        assert_true(number_list_add(out, numbers[i]));
    }
}

static uint8_t alert_of(enum mismatch mismatch)
{
    return mismatch == MISMATCH_VERSION ? ALERT_PROTOCOL_VERSION
           : mismatch == MISMATCH_ALPN  ? ALERT_NO_APPLICATION_PROTOCOL
                                        : ALERT_HANDSHAKE_FAILURE;
}

static struct slice leaf_of(struct arena *arena, const struct server *server)
{
    struct buffer der = {0};
    if (server->leaf == NULL) {
        return SLICE_EMPTY;
    }
    assert_true(text_unhex(&der, slice_of_text(server->leaf)));
    struct slice copy = arena_copy(arena, buffer_slice(&der));
    buffer_clear(&der);
    return copy;
}

static bool lacks_curve(const struct server *server, const struct client_hello *hello)
{
    return server->curve != 0 && !slice_has_u16(hello->groups, server->curve);
}

static struct outcome answer(struct arena *arena, const struct server *server, uint16_t record,
                             struct slice message)
{
    struct client_hello hello;
    struct prediction prediction;
    struct server_terms terms = {.keys = server->keys,
                                 .prefers_own_order = true,
                                 .needs_alpn_overlap = server->alpn != NULL};
    size_t at;
    assert_int_equal(client_hello_parse(message, &hello, &at), PARSE_OK);
    if (server->is_silent || server->is_plain) {
        return (struct outcome){.kind = server->is_plain ? OUTCOME_NOT_TLS : OUTCOME_SILENCE};
    }
    if (server->alert != 0) {
        bool is_other = server->other != 0 && !hello.has_sni;
        return (struct outcome){.kind = OUTCOME_ALERT,
                                .alert = is_other ? server->other : server->alert};
    }
    if (server->hated != NULL && slice_equals_text(hello.sni, server->hated)) {
        return (struct outcome){.kind = OUTCOME_RESET};
    }
    if (server->record != 0 && server->record != record) {
        return (struct outcome){.kind = OUTCOME_RESET};
    }
    if (server->is_mute || (server->len_max > 0 && message.len > server->len_max) ||
        (server->hates_tls13 && client_hello_offers_version(&hello, VERSION_TLS13))) {
        return (struct outcome){.kind = OUTCOME_RESET};
    }
    if (server->wants_ems && !hello.has_ems) {
        return (struct outcome){.kind = OUTCOME_ALERT, .alert = ALERT_HANDSHAKE_FAILURE};
    }
    if (server->name != NULL && !slice_equals_text(hello.sni, server->name)) {
        return (struct outcome){.kind = OUTCOME_ALERT, .alert = ALERT_UNRECOGNIZED_NAME};
    }
    terms.shape.version_min = server->min;
    terms.shape.version_max = server->max;
    fill(&terms.shape.suites, server->suites);
    fill(&terms.shape.groups, server->groups);
    fill(&terms.shape.schemes, server->schemes);
    if (server->alpn != NULL && hello.has_alpn) {
        terms.shape.alpn_len = (uint8_t)strlen(server->alpn);
        memcpy(terms.shape.alpn, server->alpn, terms.shape.alpn_len);
    }
    predict(&hello, &terms, &prediction);
    if (prediction.mismatch == MISMATCH_NONE && prediction.version < VERSION_TLS13 &&
        lacks_curve(server, &hello)) {
        return (struct outcome){.kind = OUTCOME_ALERT, .alert = ALERT_HANDSHAKE_FAILURE};
    }
    if (prediction.mismatch != MISMATCH_NONE) {
        return (struct outcome){.kind = OUTCOME_ALERT, .alert = alert_of(prediction.mismatch)};
    }
    return (struct outcome){
        .kind = OUTCOME_SERVER_HELLO,
        .version = prediction.version,
        .suite = prediction.suite,
        .group = prediction.group,
        .scheme = prediction.version == VERSION_TLS12 ? prediction.scheme : 0,
        .leaf = leaf_of(arena, server),
    };
}

static void run_trials(struct plan *plan, const struct server *server, size_t from)
{
    for (size_t i = from; i < plan->count; i++) {
        struct trial *trial = &plan->trials[i];
        struct buffer hello = {0};
        if (trial->change.kind == CHANGE_BLAME) {
            trial->offered = plan->judge.client;
            assert_true(buffer_append(&hello, plan->judge.client_hello.whole));
        } else {
            assert_true(variant_encode(&plan->base, &trial->change, &hello, &trial->offered));
        }
        uint16_t record = trial->change.kind == CHANGE_RECORD ? VERSION_TLS12 : VERSION_TLS10;
        trial->outcome = answer(plan->judge.arena, server, record, buffer_slice(&hello));
        trial_judge(trial, plan->wanted, plan->judge.arena);
        buffer_clear(&hello);
    }
}

// ---- the evidence

static struct slice with_name(struct arena *arena, const struct hello_row *row, const char *sni)
{
    struct made_hello made;
    struct buffer out = {0};
    struct variant_base base;
    struct sets offered;
    hello_make(row, &made);
    base = (struct variant_base){.hello = made.hello};
    sets_of_hello(&made.hello, &base.offered);
    const struct change change = {.kind = CHANGE_SNI, .name = sni};
    assert_true(variant_encode(&base, &change, &out, &offered));
    struct slice copy = arena_copy(arena, buffer_slice(&out));
    buffer_clear(&out);
    buffer_clear(&made.message);
    return copy;
}

// window gives the versions that the policy had: those of the row's hello.
static void window(const struct hello_row *hello, struct leg_shape *out_shape)
{
    memset(out_shape, 0, sizeof(*out_shape));
    out_shape->version_max = hello->versions[0];
    for (size_t i = 0; hello->versions[i] != 0; i++) {
        out_shape->version_min = hello->versions[i];
    }
}

static void make_evidence(const struct row *row, struct arena *arena, struct leg_shape *shape,
                          struct evidence *out)
{
    const struct hello_row *sent = row->sent.suites[0] != 0 ? &row->sent : &row->client;
    struct leg_evidence *leg = &out->legs[SERVER];
    memset(out, 0, sizeof(*out));
    window(sent, shape);
    out->is_passed = row->is_passed;
    out->has_target = true;
    out->target = (struct endpoint){.host = "127.0.0.1", .port = 443, .is_ip = true};
    out->legs[CLIENT].client_hello = with_name(arena, &row->client, row->client_sni);
    out->legs[CLIENT].sni_sent = row->client_sni;
    leg->client_hello = with_name(arena, sent, row->sent_sni);
    leg->sni_sent = row->sent_sni;
    leg->shape = shape;
    leg->peer_address = "127.0.0.1:443";
    leg->is_started = true;
    struct outcome first = answer(arena, &row->server, VERSION_TLS10, leg->client_hello);
    if (row->server.is_fickle) {
        first = (struct outcome){.kind = OUTCOME_RESET};
    }
    if (row->server.is_moody) {
        first = (struct outcome){.kind = OUTCOME_ALERT, .alert = ALERT_HANDSHAKE_FAILURE};
    }
    enum ending_kind kind = first.kind == OUTCOME_ALERT     ? ENDING_ALERT_RECEIVED
                            : first.kind == OUTCOME_SILENCE ? ENDING_SILENCE
                            : first.kind == OUTCOME_NOT_TLS ? ENDING_NOT_TLS
                                                            : ENDING_RESET;
    leg->bytes_received = first.kind == OUTCOME_NOT_TLS ? 8 : 0;
    leg->first_bytes = leg->bytes_received > 0 ? slice_of_text("HTTP/1.1") : SLICE_EMPTY;
    leg_evidence_end(leg, kind, first.alert, 0, 1000, NULL);
}

// Advice goes forward only: nothing that is outdated is ever to be enabled.
static void is_forward(const char *fix)
{
    static const char *const outdated[] = {"TLS 1.0",    "TLS 1.1", "SSL",    "SHA1", "sha1",
                                           "3DES",       "DES-CBC", "RC4",    "MD5",  "CBC",
                                           "AES128-SHA", "ffdhe",   "export", "NULL", "lower"};
    for (size_t i = 0; i < COUNT(outdated); i++) {
        assert_null(strstr(fix, outdated[i]));
    }
}

static void plan_proves(void **state)
{
    const struct row *row = *state;
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct plan *plan = arena_alloc(&arena, sizeof(*plan));
    struct leg_shape shape;
    struct verdict found[VERDICTS_MAX];
    make_evidence(row, &arena, &shape, evidence);
    assert_true(verdict_find(evidence, &arena, found, VERDICTS_MAX) > 0);
    assert_true(plan_open(plan, evidence, &found[0], &arena));
    size_t from = 0, added = plan->count;
    int rounds = 0;
    for (; added > 0; added = plan_next(plan)) {
        run_trials(plan, &row->server, from);
        from = plan->count;
        assert_true(++rounds <= 4);
    }
    assert_true(plan->count <= PROBE_DIALS_MAX);
    conclude(plan, &found[0]);
    assert_string_equal(found[0].cause->code, row->code);
    assert_string_equal(party_name(found[0].party), row->party);
    assert_string_equal(confidence_name(found[0].confidence), row->confidence);
    assert_string_equal(direct_name(found[0].direct), row->direct);
    if (row->accepted != NULL) {
        assert_string_equal(found[0].accepted, row->accepted);
    }
    assert_int_equal(found[0].proof_count, plan->count);
    is_forward(found[0].fix);
    assert_true(strlen(found[0].summary) > 0 && strlen(found[0].fix) > 0);
    arena_clear(&arena);
}

// What no dial may be made for.
static void some_verdicts_are_left_alone(void **state)
{
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct plan *plan = arena_alloc(&arena, sizeof(*plan));
    struct leg_shape shape;
    struct verdict verdict = {.severity = SEVERITY_ERROR, .leg = SERVER};
    (void)state;
    make_evidence(&rows[0], &arena, &shape, evidence);
    static const char *const codes[] = {"transport.dns", "transport.refused", "ingress.malformed"};
    for (size_t i = 0; i < COUNT(codes); i++) {
        verdict.cause = cause_find(codes[i]);
        assert_false(plan_open(plan, evidence, &verdict, &arena));
    }
    verdict.cause = cause_find("cipher.no-common-suite");
    assert_true(plan_open(plan, evidence, &verdict, &arena));
    verdict.leg = CLIENT;
    assert_false(plan_open(plan, evidence, &verdict, &arena));
    verdict.leg = SERVER;
    verdict.severity = SEVERITY_WARNING;
    assert_false(plan_open(plan, evidence, &verdict, &arena));
    verdict.severity = SEVERITY_ERROR;
    evidence->is_captured = evidence->is_passed = true;
    assert_false(plan_open(plan, evidence, &verdict, &arena));
    evidence->is_captured = evidence->is_passed = false;
    evidence->legs[SERVER].peer_address = NULL;
    assert_false(plan_open(plan, evidence, &verdict, &arena));
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(some_verdicts_are_left_alone)};
    int failed = RUN_ROWS(rows, plan_proves);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
