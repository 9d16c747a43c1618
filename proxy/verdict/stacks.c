#include "stacks.h"

#include <string.h>

#include "code_points.h"

#define ACCEPTS             \
    {                       \
        REACTION_ACCEPTS, 0 \
    }
#define SILENCE             \
    {                       \
        REACTION_SILENCE, 0 \
    }
#define CUT             \
    {                   \
        REACTION_CUT, 0 \
    }
#define ALERT(number)          \
    {                          \
        REACTION_ALERT, number \
    }

// From stacks.yaml by scripts/gen_causes.py, in the order in which they are tried.
static const struct stack stacks[] = {
#include "stacks.inc"
};

static const struct server_stack servers[] = {
#include "servers.inc"
};

static const struct stack unknown = {.id = "unknown", .name = "an unknown stack"};

#define RUN_MAX 10

struct run {
    uint8_t count;
    uint16_t items[RUN_MAX];
};

// One alternative by which a stack is recognised: every condition that is there must hold.
struct trait {
    uint8_t stack; // index into `stacks`
    bool grease, scsv_first;
    struct run suites_start, suites_end, suites_have;
    struct run extensions_row, extensions_have, extensions_lack;
    struct run schemes_start;
};

static const struct trait traits[] = {
#include "stack_traits.inc"
};

#define LIST_MAX 256

// A list of the hello without GREASE and signalling suites.
struct list {
    size_t count;
    uint16_t items[LIST_MAX];
};

struct seen {
    bool has_grease, is_scsv_first;
    struct list suites, extensions, schemes;
};

static void list_add(struct list *list, uint16_t number)
{
    if (list->count < LIST_MAX) {
        list->items[list->count++] = number;
    }
}

static void read_hello(const struct client_hello *hello, struct seen *out_seen)
{
    memset(out_seen, 0, sizeof(*out_seen));
    for (size_t i = 0; i < hello->cipher_suites.len / 2; i++) {
        uint16_t number = slice_u16_at(hello->cipher_suites, i);
        if (is_grease(number)) {
            out_seen->has_grease = true;
        } else if (number == SCSV_RENEGOTIATION || number == SCSV_FALLBACK) {
            out_seen->is_scsv_first = out_seen->is_scsv_first || i == 0;
        } else {
            list_add(&out_seen->suites, number);
        }
    }
    size_t at = 0;
    uint16_t type;
    struct slice body;
    while (extension_next(hello->extensions, &at, &type, &body)) {
        if (!is_grease(type)) {
            list_add(&out_seen->extensions, type);
        }
    }
    for (size_t i = 0; i < hello->schemes.len / 2; i++) {
        list_add(&out_seen->schemes, slice_u16_at(hello->schemes, i));
    }
}

static bool run_stands_at(const struct run *run, const struct list *list, size_t at)
{
    if (at + run->count > list->count) {
        return false;
    }
    return run->count == 0 ||
           memcmp(run->items, &list->items[at], run->count * sizeof(run->items[0])) == 0;
}

static bool run_is_in(const struct run *run, const struct list *list)
{
    for (size_t at = 0; at + run->count <= list->count; at++) {
        if (run_stands_at(run, list, at)) {
            return true;
        }
    }
    return run->count == 0;
}

static size_t count_of(const struct run *run, const struct list *list)
{
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++) {
        for (size_t at = 0; at < list->count; at++) {
            if (list->items[at] == run->items[i]) {
                count++;
                break;
            }
        }
    }
    return count;
}

static bool trait_holds(const struct trait *trait, const struct seen *seen)
{
    size_t end = seen->suites.count - trait->suites_end.count;
    return (!trait->grease || seen->has_grease) && (!trait->scsv_first || seen->is_scsv_first) &&
           run_stands_at(&trait->suites_start, &seen->suites, 0) &&
           (trait->suites_end.count == 0 ||
            (seen->suites.count >= trait->suites_end.count &&
             run_stands_at(&trait->suites_end, &seen->suites, end))) &&
           count_of(&trait->suites_have, &seen->suites) == trait->suites_have.count &&
           run_is_in(&trait->extensions_row, &seen->extensions) &&
           count_of(&trait->extensions_have, &seen->extensions) == trait->extensions_have.count &&
           count_of(&trait->extensions_lack, &seen->extensions) == 0 &&
           run_stands_at(&trait->schemes_start, &seen->schemes, 0);
}

const struct stack *stack_recognise(const struct client_hello *hello)
{
    if (hello->is_sslv2) {
        return &unknown;
    }
    struct seen seen;
    read_hello(hello, &seen);
    for (size_t i = 0; i < COUNT_OF(traits); i++) {
        if (trait_holds(&traits[i], &seen)) {
            return &stacks[traits[i].stack];
        }
    }
    return &unknown;
}

const struct stack *stack_find(const char *id)
{
    for (size_t i = 0; i < COUNT_OF(stacks); i++) {
        if (strcmp(stacks[i].id, id) == 0) {
            return &stacks[i];
        }
    }
    return strcmp(id, unknown.id) == 0 ? &unknown : NULL;
}

const struct stack *stack_at(size_t i)
{
    return i < COUNT_OF(stacks) ? &stacks[i] : NULL;
}

const struct stack *stack_unknown(void)
{
    return &unknown;
}

struct reaction stack_reaction(const struct stack *stack, uint16_t version, enum stack_fault fault)
{
    return stack->reactions[version >= VERSION_TLS13 ? 1 : 0][fault];
}

// may_answer tells if `seen` can be what the stack usually does (unknown: it can).
static bool may_answer(const struct stack *stack, struct reaction usual, struct reaction seen)
{
    if (usual.kind == REACTION_UNKNOWN) {
        return true;
    }
    if (seen.kind == REACTION_CUT && stack->may_cut && usual.kind == REACTION_ALERT) {
        return true;
    }
    return usual.kind == seen.kind && (usual.kind != REACTION_ALERT || usual.alert == seen.alert);
}

bool stack_may(const struct stack *stack, uint16_t version, enum stack_fault fault,
               struct reaction seen)
{
    return may_answer(stack, stack_reaction(stack, version, fault), seen);
}

bool stack_may_own(const struct stack *stack, uint16_t version, struct reaction seen)
{
    return may_answer(stack, stack->own_check[version >= VERSION_TLS13 ? 1 : 0], seen);
}

bool stack_tells(const struct stack *stack, uint16_t version, uint8_t alert, enum stack_fault fault)
{
    for (enum stack_fault other = STACK_FAULT_UNTRUSTED; other < STACK_FAULTS; other++) {
        struct reaction usual = stack_reaction(stack, version, other);
        bool is_same = usual.kind == REACTION_ALERT && usual.alert == alert;
        if (usual.kind == REACTION_UNKNOWN || is_same != (other == fault)) {
            return false;
        }
    }
    return true;
}

const struct server_stack *server_stack_at(size_t i)
{
    return i < COUNT_OF(servers) ? &servers[i] : NULL;
}

const struct server_stack *server_stack_next(size_t *at, uint16_t version, enum server_fault fault,
                                             struct reaction seen)
{
    while (*at < COUNT_OF(servers)) {
        const struct server_stack *server = &servers[(*at)++];
        struct reaction usual = server->reactions[version >= VERSION_TLS13 ? 1 : 0][fault];
        if (usual.kind == seen.kind && usual.alert == seen.alert) {
            return server;
        }
    }
    return NULL;
}
