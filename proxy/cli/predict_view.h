// A prediction, for people and as JSON.
#pragma once

#include "bridge_case.h"
#include "sheet.h"

// predict_view_leg gives a leg in short: "TLS 1.3 TLS_AES_128_GCM_SHA256 h2", or the cause, or "-"
// for one that is not reached.
const char *predict_view_leg(const struct leg_prediction *leg, bool is_wide, struct arena *arena);

// predict_view_whole writes one client's prediction in full.
void predict_view_whole(struct sheet *sheet, const struct bridge_case *bridge, const char *client,
                        const struct bridge_prediction *prediction);

// predict_view_json writes it as one object.
void predict_view_json(struct json *json, const struct bridge_case *bridge, const char *client,
                       const struct bridge_prediction *prediction);
