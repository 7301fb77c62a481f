/* states.c - words of states, to enums and back. */
#include "proto/wire/states.h"

#include "base/check.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>

static unsigned parse(const char *const *words, unsigned len, const char *text, unsigned none)
{
    for (unsigned i = 0; i < len; i++)
        if (str_eq(words[i], text))
            return i;
    return none;
}

static const char *const seen_words[SEEN_COUNT] = {
#define SEEN_STATE(name, text) text,
#include "proto/wire/states.def"
#undef SEEN_STATE
};

static const char *const why_words[OFF_COUNT] = {
#define OFF_WHY(name, text) text,
#include "proto/wire/states.def"
#undef OFF_WHY
};

const char *seen_state_text(enum seen_state state)
{
    PRE((unsigned)state < SEEN_COUNT);
    return seen_words[state];
}

enum seen_state seen_state_parse(const char *text)
{
    return (enum seen_state)parse(seen_words, SEEN_COUNT, text, SEEN_NONE);
}

const char *off_why_text(enum off_why why)
{
    PRE((unsigned)why < OFF_COUNT);
    return why_words[why];
}

enum off_why off_why_parse(const char *text)
{
    return (enum off_why)parse(why_words, OFF_COUNT, text, OFF_NONE);
}

static const char *const guest_words[GUEST_COUNT] = {
#define GUEST_STATUS(name, text) text,
#include "proto/wire/states.def"
#undef GUEST_STATUS
};

const char *guest_status_text(enum guest_status status)
{
    PRE((unsigned)status < GUEST_COUNT);
    return guest_words[status];
}

enum guest_status guest_status_parse(const char *text)
{
    return (enum guest_status)parse(guest_words, GUEST_COUNT, text, GUEST_NONE);
}

static const char *const seed_words[SEED_COUNT] = {
#define SEED_STATE(name, text) text,
#include "proto/wire/states.def"
#undef SEED_STATE
};

const char *seed_state_text(enum seed_state state)
{
    PRE((unsigned)state < SEED_COUNT);
    return seed_words[state];
}

enum seed_state seed_state_parse(const char *text)
{
    return (enum seed_state)parse(seed_words, SEED_COUNT, text, SEED_NONE);
}

static const struct step_row {
    const char *text, *words;
    bool has_percent;
} step_rows[STEP_COUNT] = {
#define STEP(name, text, words, has_percent) {text, words, has_percent},
#include "proto/wire/states.def"
#undef STEP
};

const char *instance_step_text(enum instance_step step)
{
    PRE((unsigned)step < STEP_COUNT);
    return step_rows[step].text;
}

enum instance_step instance_step_parse(const char *text)
{
    for (unsigned i = 0; i < STEP_COUNT; i++)
        if (str_eq(step_rows[i].text, text))
            return (enum instance_step)i;
    return STEP_NONE;
}

bool instance_step_has_percent(enum instance_step step)
{
    PRE((unsigned)step < STEP_COUNT);
    return step_rows[step].has_percent;
}

void instance_step_words(char out[INSTANCE_STEP_WORDS], enum instance_step step, int64_t percent)
{
    PRE((unsigned)step < STEP_COUNT);
    const struct step_row *row = &step_rows[step];
    int len = row->has_percent
                  ? snprintf(out, INSTANCE_STEP_WORDS, "%s, %" PRId64 " %%", row->words, percent)
                  : snprintf(out, INSTANCE_STEP_WORDS, "%s", row->words);
    POST(len >= 0 && len < INSTANCE_STEP_WORDS);
}
