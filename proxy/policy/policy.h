// policy: what each leg may speak, from flags, config and presets, and what two sides would then
// negotiate. Pure but for reading the config file. Uses base, wire and libcyaml.
//
//   file          | what it holds
//   --------------+------------------------------------------------------------------
//   side.h        | CLIENT and SERVER, the two legs
//   number_list.h | a bounded list of code points
//   leg_policy.h  | the keys of one leg
//   shape.h       | policy + hello + library → what an engine is configured with; mirror
//   predict.h     | what two sides would negotiate
//   shape_hello.h | the ClientHello that a shape sends
//   origin_terms.h| what an origin accepts, from a policy
//   host_route.h  | names reached at an address of the user's choice
//   settings.h    | all options of proxy and bridge; the config file
//   presets.h     | edge devices and clients to imitate, built in from presets/*/*.yaml
//
// Inside: code_list.h, leg_map.h, offer.h, openssl_habits.h, preset_files.h, preset_read.h,
// quote.h, settings_option.h, suite_fit.h, yaml_schema.h, yaml_tree.h.
#pragma once

#include "leg_policy.h"
#include "number_list.h"
#include "predict.h"
#include "presets.h"
#include "settings.h"
#include "shape.h"
#include "side.h"
