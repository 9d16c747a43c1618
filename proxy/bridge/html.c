#include "html.h"

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f6f7f9;color:#1c2330}"
    "main{max-width:46rem;margin:3rem auto;padding:2rem 2.5rem;background:#fff;border-radius:12px;"
    "box-shadow:0 1px 3px #0002}"
    "h1{font-size:1.35rem;margin:.2rem 0 1rem}small,.dim{color:#667085}"
    "code,pre{font:14px/1.5 ui-monospace,monospace;background:#f0f2f5;border-radius:5px;"
    "padding:.1rem .3rem;overflow-wrap:anywhere}pre{padding:.8rem 1rem;white-space:pre-wrap}"
    ".bridge{display:flex;align-items:center;gap:.5rem;margin:1.2rem 0;font-weight:600}"
    ".bridge span{padding:.35rem .8rem;border:1px solid #d0d5dd;border-radius:8px}"
    ".bridge i{flex:1;border-top:3px solid #2e9e5b;position:relative}"
    ".bridge i.broken{border-top:3px dashed #d92d20}"
    "dl{display:grid;grid-template-columns:8rem 1fr;gap:.4rem 1rem;margin:1.2rem 0}"
    "dt{color:#667085}dd{margin:0}.fix{background:#ecfdf3;border-radius:8px;padding:.8rem 1rem}"
    "table{border-collapse:collapse;width:100%;font-size:.92rem}caption{text-align:left;color:#"
    "667085}"
    "th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-top:1px solid #d0d5dd66}"
    "@media(prefers-color-scheme:dark){body{background:#12151b;color:#e6e9ef}main{background:#"
    "1b2029}"
    "code,pre{background:#262d39}.fix{background:#143323}.bridge span{border-color:#3a4252}}";

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

bool html_begin(struct buffer *out, const char *title)
{
    return buffer_append_text(out,
                              "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                              "<meta name=\"viewport\" content=\"width=device-width\">"
                              "<title>") &&
           html_text(out, title) && buffer_append_text(out, "</title><style>") &&
           buffer_append_text(out, style) &&
           buffer_append_text(out, "</style></head><body><main>\n");
}

bool html_end(struct buffer *out)
{
    return buffer_append_text(out, "</main></body></html>\n");
}
