#include "terms.h"

#include <stdlib.h>

#include "context.h"

// A file that can't be read is an error of the configuration that names it.
static struct trust_store *open_trust(const struct leg_policy *policy, enum side side,
                                      struct error *error)
{
    const char *ca = policy->ca_file[0] != '\0' ? policy->ca_file : NULL;
    const char *crl = policy->crl_file[0] != '\0' ? policy->crl_file : NULL;
    struct error why;
    struct trust_store *store = trust_store_new(ca, crl, &why);
    if (store == NULL) {
        enum error_kind kind = why.kind == ERROR_FILE ? ERROR_CONFIG : why.kind;
        (void)error_set(error, kind, "%s leg: %s", side_name(side), why.text); // NULL says it
    }
    return store;
}

// try_policy makes a context of what the policy itself says: a suite that the library lacks is an
// error of the configuration, not of each connection.
static bool try_policy(const struct terms *terms, enum side side, struct error *error)
{
    const struct leg_policy *policy = &terms->settings.legs[side];
    struct context_common common = {.side = side, .policy = policy};
    struct contexts *contexts = contexts_new(&common);
    if (contexts == NULL) {
        return error_set(error, ERROR_MEMORY, "out of memory for the %s leg", side_name(side));
    }
    struct leg_shape shape;
    struct losses lost;
    struct context context;
    if (side == CLIENT) {
        shape_client(policy, &terms->library, NULL, &shape);
    } else {
        shape_server(policy, NULL, &terms->library, NULL, &shape, &lost);
    }
    struct error why;
    bool ok = contexts_get(contexts, &shape, &context, &why);
    contexts_free(contexts);
    return ok || error_set(error, ERROR_CONFIG, "%s leg: %s", side_name(side), why.text);
}

static bool open_stranger(struct terms *terms, struct error *error)
{
    struct authority stranger;
    if (!terms->settings.experiment) {
        return true;
    }
    if (!authority_of_stranger(&stranger, error)) {
        return false;
    }
    terms->stranger = mint_new(&stranger, 0, error);
    authority_clear(&stranger); // the mint has references of its own
    return terms->stranger != NULL;
}

struct terms *terms_new(const struct settings *settings, const struct library *library,
                        struct error *error)
{
    struct terms *terms = calloc(1, sizeof(*terms));
    if (terms == NULL) {
        error_set(error, ERROR_MEMORY, "out of memory for the settings");
        return NULL;
    }
    atomic_init(&terms->references, 1);
    terms->settings = *settings;
    terms->library = *library;
    const struct leg_policy *client = &settings->legs[CLIENT];
    bool asks_client = client->client_auth != CLIENT_AUTH_NONE;
    terms->trust[SERVER] = open_trust(&settings->legs[SERVER], SERVER, error);
    terms->trust[CLIENT] = asks_client ? open_trust(client, CLIENT, error) : NULL;
    if (terms->trust[SERVER] == NULL || (asks_client && terms->trust[CLIENT] == NULL) ||
        !try_policy(terms, CLIENT, error) || !try_policy(terms, SERVER, error) ||
        !open_stranger(terms, error)) {
        terms_release(terms);
        return NULL;
    }
    return terms;
}

struct terms *terms_keep(struct terms *terms)
{
    atomic_fetch_add(&terms->references, 1);
    return terms;
}

void terms_release(struct terms *terms)
{
    if (terms == NULL || atomic_fetch_sub(&terms->references, 1) > 1) {
        return;
    }
    trust_store_free(terms->trust[CLIENT]);
    trust_store_free(terms->trust[SERVER]);
    mint_free(terms->stranger);
    free(terms);
}
