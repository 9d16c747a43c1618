// midspan presets: the edge devices and clients that midspan can imitate.
#include <string.h>

#include "command.h"
#include "preset_view.h"
#include "quote.h"

static const struct option_key options[] = {
    {.name = "json", .help = "print JSON"},
    {.name = NULL},
};

// Which kinds are asked about.
struct request {
    bool edges, clients;
    const char *name; // NULL: all
    bool json;
};

static bool read_request(const struct invocation *invocation, struct request *out_request)
{
    struct request request = {
        .edges = true, .clients = true, .json = option_is_given(invocation, "json")};
    size_t i = 0;
    const char *const *words = invocation->operands;
    if (i < invocation->operand_count && strcmp(words[i], "edges") == 0) {
        request.clients = false;
        i++;
    } else if (i < invocation->operand_count && strcmp(words[i], "clients") == 0) {
        request.edges = false;
        i++;
    }
    request.name = i < invocation->operand_count ? words[i++] : NULL;
    if (i < invocation->operand_count) {
        report("unexpected '%.64s', expected: midspan presets %s", words[i],
               invocation->command->usage);
        return false;
    }
    *out_request = request;
    return true;
}

// ---- lists

static bool list_edges(struct sheet *sheet, struct json *json, struct error *error)
{
    struct arena arena = {0};
    struct sheet_row rows[256];
    size_t count = 0;
    bool is_ok = true;
    for (; preset_edge_name(count) != NULL && count < COUNT_OF(rows) && is_ok; count++) {
        struct preset_edge *preset = preset_edge_at(count, error);
        if (preset == NULL) {
            is_ok = false;
            break;
        }
        rows[count] = (struct sheet_row){
            .cells = {preset_edge_name(count), arena_text(&arena, slice_of_text(preset->title))}};
        if (json != NULL) {
            json_open_object(json);
            json_text_field(json, "name", preset->name);
            json_text_field(json, "title", preset->title);
            json_text_field(json, "kind", preset->kind);
            json_close_object(json);
        }
        preset_edge_free(preset);
    }
    if (sheet != NULL) {
        sheet_head(sheet, "edges");
        sheet_table(sheet, rows, count, 2);
    }
    arena_clear(&arena);
    return is_ok;
}

static bool list_clients(struct sheet *sheet, struct json *json, struct error *error)
{
    struct arena arena = {0};
    struct sheet_row rows[256];
    size_t count = 0;
    bool is_ok = true;
    for (; preset_client_name(count) != NULL && count < COUNT_OF(rows) && is_ok; count++) {
        struct preset_client *preset = preset_client_at(count, error);
        if (preset == NULL) {
            is_ok = false;
            break;
        }
        rows[count] = (struct sheet_row){
            .cells = {preset_client_name(count), arena_text(&arena, slice_of_text(preset->title))}};
        if (json != NULL) {
            json_open_object(json);
            json_text_field(json, "name", preset->name);
            json_text_field(json, "title", preset->title);
            json_text_field(json, "ja4", preset->ja4);
            json_close_object(json);
        }
        preset_client_free(preset);
    }
    if (sheet != NULL) {
        sheet_head(sheet, "clients");
        sheet_table(sheet, rows, count, 2);
    }
    arena_clear(&arena);
    return is_ok;
}

static int list(const struct request *request)
{
    struct sheet sheet;
    struct error error;
    sheet_open(&sheet);
    bool is_ok = (!request->edges || list_edges(&sheet, NULL, &error)) &&
                 (!request->clients || list_clients(&sheet, NULL, &error));
    int code = is_ok ? OUTCOME_FINE : (int)report_error(&error);
    return sheet_print(&sheet, code);
}

static int list_json(const struct request *request)
{
    struct buffer text = {0};
    struct json json = json_into(&text);
    struct error error;
    bool is_ok = true;
    json_open_object(&json);
    if (request->edges) {
        json_key(&json, "edges");
        json_open_array(&json);
        is_ok = list_edges(NULL, &json, &error);
        json_close_array(&json);
    }
    if (request->clients && is_ok) {
        json_key(&json, "clients");
        json_open_array(&json);
        is_ok = list_clients(NULL, &json, &error);
        json_close_array(&json);
    }
    json_close_object(&json);
    if (!is_ok) {
        buffer_clear(&text);
        return (int)report_error(&error);
    }
    return sheet_print_json(&json, OUTCOME_FINE);
}

// ---- one

static bool has_name(const char *(*name_at)(size_t i), const char *name)
{
    for (size_t i = 0; name_at(i) != NULL; i++) {
        if (strcmp(name_at(i), name) == 0) {
            return true;
        }
    }
    return false;
}

static int show_edge(struct preset_edge *preset, const struct error *error, bool is_json)
{
    if (preset == NULL) {
        return (int)report_error(error);
    }
    struct buffer text = {0};
    struct json json = json_into(&text);
    struct sheet sheet;
    int code;
    if (is_json) {
        preset_view_edge_json(&json, preset);
        code = sheet_print_json(&json, OUTCOME_FINE);
    } else {
        sheet_open(&sheet);
        preset_view_edge(&sheet, preset);
        code = sheet_print(&sheet, OUTCOME_FINE);
    }
    preset_edge_free(preset);
    return code;
}

static int show_client(const char *name, bool is_json)
{
    struct preset_hello client = {0};
    struct error error;
    if (!preset_hello_find(&client, name, &error)) {
        return (int)report_error(&error);
    }
    struct buffer text = {0};
    struct json json = json_into(&text);
    struct sheet sheet;
    int code;
    if (is_json) {
        preset_view_client_json(&json, &client);
        code = sheet_print_json(&json, OUTCOME_FINE);
    } else {
        sheet_open(&sheet);
        preset_view_client(&sheet, &client);
        code = sheet_print(&sheet, OUTCOME_FINE);
    }
    preset_hello_clear(&client);
    return code;
}

static int refuse_name(const struct request *request)
{
    struct nearest nearest = nearest_to(slice_of_text(request->name));
    const char *list = !request->clients ? " edges" : !request->edges ? " clients" : "";
    for (size_t i = 0; request->edges && preset_edge_name(i) != NULL; i++) {
        nearest_offer(&nearest, preset_edge_name(i));
    }
    for (size_t i = 0; request->clients && preset_client_name(i) != NULL; i++) {
        nearest_offer(&nearest, preset_client_name(i));
    }
    if (nearest.best != NULL) {
        report("unknown preset '%.64s', did you mean '%s'?", request->name, nearest.best);
    } else {
        report("unknown preset '%.64s', 'midspan presets%s' lists them", request->name, list);
    }
    return OUTCOME_USAGE;
}

static int run_presets(const struct invocation *invocation)
{
    struct request request;
    struct error error;
    if (!read_request(invocation, &request)) {
        return OUTCOME_USAGE;
    }
    if (request.name == NULL) {
        return request.json ? list_json(&request) : list(&request);
    }
    if (request.edges && has_name(preset_edge_name, request.name)) {
        struct preset_edge *preset = preset_edge_find(request.name, &error);
        return show_edge(preset, &error, request.json);
    }
    if (request.clients && has_name(preset_client_name, request.name)) {
        return show_client(request.name, request.json);
    }
    return refuse_name(&request);
}

const struct command cmd_presets = {
    .name = "presets",
    .usage = "[edges | clients] [NAME] [OPTIONS]",
    .summary = "the edge devices and clients that midspan can imitate",
    .about = "Without a NAME: all of them. With one: its legs, the order of its handshakes,\n"
             "how it fails, how its own configuration says each key, where all this is from,\n"
             "and what nobody has verified. A client is a ClientHello that was recorded from\n"
             "the real one. Edges are for --edge, and for 'midspan predict'.\n",
    .options = options,
    .run = run_presets,
};
