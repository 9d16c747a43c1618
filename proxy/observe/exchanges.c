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

// What servers write on error pages of theirs that is about TLS alone.
static const char *const page_words[] = {
    "The SSL certificate error",                    // nginx, of a client certificate
    "No required SSL certificate",                  // nginx
    "Cannot perform Post-Handshake Authentication", // Apache, to a client of TLS 1.3
    "ALPN Protocol, expected `h2`",                 // Node's HTTP/2 server
    "sent to HTTPS port",                           // nginx
    "plain HTTP to an SSL-enabled server port",     // Apache
    "sent an HTTP request to an HTTPS server",      // Go, Caddy
};

// They all come with one of these two.
static bool is_page(int status)
{
    return status == 400 || status == 403;
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

// is_over is true if no further head is wanted.
static bool is_over(const struct exchanges *exchanges)
{
    return exchanges->response_count >= exchanges->count_max || is_telling(exchanges->seen.status);
}

bool exchanges_response(struct exchanges *exchanges, uint32_t stream, int status, struct slice date)
{
    struct observed *seen = &exchanges->seen;
    if (is_over(exchanges)) {
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
        seen->words = NULL;
        exchanges->is_in_page = is_page(status);
        exchanges->page_stream = stream;
        exchanges->page_len = 0;
    }
    exchanges->response_count++;
    return exchanges->is_in_page || !is_over(exchanges);
}

// ends_in gives the words that the page has just come to the end of, NULL when there are none.
static const char *ends_in(const struct exchanges *exchanges)
{
    for (size_t i = 0; i < COUNT_OF(page_words); i++) {
        size_t len = strlen(page_words[i]);
        if (len <= exchanges->page_len &&
            memcmp(exchanges->page + exchanges->page_len - len, page_words[i], len) == 0) {
            return page_words[i];
        }
    }
    return NULL;
}

bool exchanges_body(struct exchanges *exchanges, uint32_t stream, struct slice bytes)
{
    if (!exchanges->is_in_page || exchanges->page_stream != stream) {
        return exchanges->is_in_page || !is_over(exchanges);
    }
    for (size_t i = 0; i < bytes.len && exchanges->is_in_page; i++) {
        exchanges->page[exchanges->page_len++] = (char)bytes.data[i];
        exchanges->seen.words = ends_in(exchanges);
        exchanges->is_in_page =
            exchanges->seen.words == NULL && exchanges->page_len < ERROR_PAGE_MAX;
    }
    return exchanges->is_in_page || !is_over(exchanges);
}

bool exchanges_body_end(struct exchanges *exchanges, uint32_t stream)
{
    if (exchanges->page_stream == stream) {
        exchanges->is_in_page = false;
    }
    return exchanges->is_in_page || !is_over(exchanges);
}
