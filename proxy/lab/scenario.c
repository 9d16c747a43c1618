#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#include "quote.h"
#include "scenario_files.h"
#include "text.h"

static const char *const names[LESSONS] = {
#define XX(name, text) [LESSON_##name] = text,
    LESSON_MAP(XX)
#undef XX
};

static const struct speech titles[LESSONS] = {
    [LESSON_CLOCK] = {{"The system clock", "システムの時計"}},
    [LESSON_BROWSER] = {{"The browser and its settings", "ブラウザーとその設定"}},
    [LESSON_MIDDLE] = {{"Who stands in the middle", "間に立つもの"}},
    [LESSON_PROTOCOL] = {{"Protocol versions", "プロトコルのバージョン"}},
    [LESSON_CIPHER] = {{"Cipher suites, groups, signatures", "暗号スイート・グループ・署名"}},
    [LESSON_CERTIFICATE] = {{"Certificates", "証明書"}},
    [LESSON_SNI] = {{"Names: SNI and Host", "名前：SNI と Host"}},
    [LESSON_MUSEUM] = {{"The museum of edge bugs", "エッジ機器の不具合博物館"}},
};

const char *lesson_name(enum lesson lesson)
{
    return lesson < LESSONS ? names[lesson] : "unknown";
}

const struct speech *lesson_title(enum lesson lesson)
{
    return &titles[lesson < LESSONS ? lesson : 0];
}

const char *lab_client_end_word(enum lab_client_end end)
{
    static const char *const words[LAB_CLIENT_ENDS] = {
#define XX(name, word) [LAB_CLIENT_##name] = word,
        LAB_CLIENT_END_MAP(XX)
#undef XX
    };
    return end < LAB_CLIENT_ENDS ? words[end] : "unknown";
}

static int compare(const void *left, const void *right)
{
    const struct scenario *a = *(const struct scenario *const *)left;
    const struct scenario *b = *(const struct scenario *const *)right;
    if (a->lesson != b->lesson) {
        return a->lesson < b->lesson ? -1 : 1;
    }
    if (a->order != b->order) {
        return a->order < b->order ? -1 : 1;
    }
    return strcmp(a->name, b->name);
}

bool scenario_list_open(struct scenario_list *list, struct error *error)
{
    *list = (struct scenario_list){0};
    for (const struct scenario_file *file = scenario_files; file->name != NULL; file++) {
        if (list->count == SCENARIOS_MAX) {
            scenario_list_clear(list);
            return error_set(error, ERROR_CONFIG, "more than %d scenarios", SCENARIOS_MAX);
        }
        struct scenario *scenario =
            scenario_parse((struct slice){file->text, file->len}, file->name, error);
        if (scenario == NULL) {
            scenario_list_clear(list);
            return false;
        }
        list->items[list->count++] = scenario;
    }
    qsort(list->items, list->count, sizeof(struct scenario *), compare);
    return true;
}

void scenario_list_clear(struct scenario_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        scenario_free(list->items[i]);
    }
    *list = (struct scenario_list){0};
}

const struct scenario *scenario_list_find(const struct scenario_list *list, const char *word,
                                          struct error *error)
{
    uint64_t number = 0;
    if (text_uint(slice_of_text(word), UINT32_MAX, &number)) {
        if (number >= 1 && number <= list->count) {
            return list->items[number - 1];
        }
        (void)error_set(error, ERROR_USAGE, "no scenario %llu, expected 1 to %zu",
                        (unsigned long long)number, list->count);
        return NULL;
    }
    struct nearest nearest = nearest_to(slice_of_text(word));
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i]->name, word) == 0) {
            return list->items[i];
        }
        nearest_offer(&nearest, list->items[i]->name);
    }
    (void)error_set(error, ERROR_USAGE, "no scenario '%s'%s (see: midspan lab list)",
                    quote_text(word).text, nearest_hint(&nearest).text);
    return NULL;
}
