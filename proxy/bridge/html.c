#include "html.h"

// Wide: terms beside what is said of them, the bridge from left to right; a phone has all of it one
// below the other.
static const char style[] =
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f6f7f9;color:#1c2330;"
    "overflow-wrap:anywhere}"
    "main{max-width:46rem;margin:3rem auto;padding:2rem 2.5rem;background:#fff;border-radius:12px;"
    "box-shadow:0 1px 3px #0002}"
    "h1{font-size:1.35rem;margin:.2rem 0 1rem}h2{font-size:1.1rem;margin:1.8rem 0 .4rem}"
    "a{color:#175cd3}small,.dim,dt,caption{color:#667085}h2 small{font-weight:400}"
    "ul{margin:0;padding-left:1.2rem}li{margin:.3rem 0}"
    "code,pre{font:14px/1.5 ui-monospace,monospace;background:#f0f2f5;border-radius:5px;"
    "padding:.1rem .3rem}pre{padding:.8rem 1rem;white-space:pre-wrap}"
    ".bridge{display:flex;align-items:center;gap:.5rem;margin:1.2rem 0;font-weight:600}"
    ".bridge span{padding:.35rem .8rem;border:1px solid #d0d5dd;border-radius:8px}"
    ".bridge i{flex:1 0 2rem;border:solid #2e9e5b;border-width:3px 0 0}"
    ".bridge i.broken{border-style:dashed;border-color:#d92d20}"
    "dl{display:grid;grid-template-columns:9rem 1fr;gap:.4rem 1rem;margin:1.2rem 0}"
    "dd{margin:0}.fix{background:#ecfdf3;border-radius:8px;padding:.8rem 1rem}"
    "table{border-collapse:collapse;width:100%;font-size:.92rem}caption{text-align:left}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;"
    "border-top:1px solid #d0d5dd66}"
    "@media(max-width:40rem){main{margin:0;padding:1rem;border-radius:0;min-height:100vh;"
    "box-sizing:border-box}dl{display:block}dt:not(:empty){margin-top:.6rem}"
    ".bridge{flex-direction:column;align-items:flex-start;gap:0}"
    ".bridge i{flex:none;height:1.5rem;margin-left:2rem;border-width:0 0 0 3px}}"
    "@media(prefers-color-scheme:dark){body{background:#12151b;color:#e6e9ef}"
    "main{background:#1b2029}a{color:#84adff}small,.dim,dt,caption{color:#98a2b3}"
    "code,pre{background:#262d39}.fix{background:#143323}.bridge span{border-color:#3a4252}"
    ".bridge i.broken{border-color:#f97066}}";

bool html_text(struct buffer *out, const char *text)
{
    bool ok = true;
    for (const char *at = text; at != NULL && *at != '\0' && ok; at++) {
        switch (*at) {
        case '&':
            ok = buffer_append_text(out, "&amp;");
            break;
        case '<':
            ok = buffer_append_text(out, "&lt;");
            break;
        case '>':
            ok = buffer_append_text(out, "&gt;");
            break;
        case '"':
            ok = buffer_append_text(out, "&quot;");
            break;
        case '\'':
            ok = buffer_append_text(out, "&#39;");
            break;
        default:
            ok = buffer_append_byte(out, (uint8_t)*at);
            break;
        }
    }
    return ok;
}

bool html_begin(struct buffer *out, const char *title, const char *language)
{
    return buffer_printf(out,
                         "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
                         "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                         "<title>",
                         language) &&
           html_text(out, title) && buffer_append_text(out, "</title><style>") &&
           buffer_append_text(out, style) &&
           buffer_append_text(out, "</style></head><body><main>\n");
}

bool html_end(struct buffer *out)
{
    return buffer_append_text(out, "</main></body></html>\n");
}
