#include "exchanges.h"

#include <string.h>

#include "http_date.h"

// Faults of TLS that servers and edges tell in HTTP: 421 is RFC 9110's, 400, 495 and 496 are
// nginx's for client certificates, 525 and 526 Cloudflare's for the leg behind it.
static bool is_telling(int status)
{
    return status == 400 || status == 421 || status == 495 || status == 496 || status == 525 ||
           status == 526;
}

static bool is_host(struct slice host)
{
    if (host.len >= EXCHANGE_HOST_MAX) {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        if (host.data[i] <= 0x20 || host.data[i] >= 0x7f) {
            return false;
        }
    }
    return host.len > 0;
}

bool exchanges_request(struct exchanges *exchanges, uint32_t stream, bool is_head,
                       struct slice host)
{
    if (exchanges->request_count >= exchanges->count_max) {
        return false;
    }
    struct exchange *request = &exchanges->requests[exchanges->request_count];
    *request = (struct exchange){.stream = stream, .is_head = is_head};
    if (is_host(host)) {
        memcpy(request->host, host.data, host.len);
    }
    if (exchanges->request_count == 0) {
        memcpy(exchanges->seen.host, request->host, sizeof(request->host));
    }
    exchanges->request_count++;
    return exchanges->request_count < exchanges->count_max;
}

const struct exchange *exchanges_find(const struct exchanges *exchanges, uint32_t stream)
{
    for (size_t i = 0; i < exchanges->request_count; i++) {
        if (exchanges->requests[i].stream == stream) {
            return &exchanges->requests[i];
        }
    }
    return NULL;
}

bool exchanges_response(struct exchanges *exchanges, uint32_t stream, int status, struct slice date)
{
    struct observed *seen = &exchanges->seen;
    if (exchanges->response_count >= exchanges->count_max || is_telling(seen->status)) {
        return false;
    }
    if (seen->date_us == 0) {
        (void)http_date_parse(date, &seen->date_us); // one that is none tells nothing
    }
    if (seen->status == 0 || is_telling(status)) {
        const struct exchange *request = exchanges_find(exchanges, stream);
        seen->status = status;
        if (request != NULL) {
            memcpy(seen->host, request->host, sizeof(seen->host));
        }
    }
    exchanges->response_count++;
    return exchanges->response_count < exchanges->count_max && !is_telling(status);
}
