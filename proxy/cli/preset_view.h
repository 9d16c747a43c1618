// One preset in full, for people and as JSON.
#pragma once

#include "preset_hello.h"
#include "sheet.h"

void preset_view_edge(struct sheet *sheet, const struct preset_edge *preset);
void preset_view_edge_json(struct json *json, const struct preset_edge *preset);
void preset_view_client(struct sheet *sheet, const struct preset_hello *client);
void preset_view_client_json(struct json *json, const struct preset_hello *client);
