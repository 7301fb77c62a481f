/* states.h - enums of the words in states.def. Unknown words parse as NONE. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum seen_state {
#define SEEN_STATE(name, text) SEEN_##name,
#include "proto/wire/states.def"
#undef SEEN_STATE
    SEEN_COUNT
};

enum off_why {
#define OFF_WHY(name, text) OFF_##name,
#include "proto/wire/states.def"
#undef OFF_WHY
    OFF_COUNT
};

enum guest_status {
#define GUEST_STATUS(name, text) GUEST_##name,
#include "proto/wire/states.def"
#undef GUEST_STATUS
    GUEST_COUNT
};

enum seed_state {
#define SEED_STATE(name, text) SEED_##name,
#include "proto/wire/states.def"
#undef SEED_STATE
    SEED_COUNT
};

enum instance_step {
#define STEP(name, text, words, has_percent) STEP_##name,
#include "proto/wire/states.def"
#undef STEP
    STEP_COUNT
};

const char *seen_state_text(enum seen_state state);
enum seen_state seen_state_parse(const char *text);
const char *off_why_text(enum off_why why);
enum off_why off_why_parse(const char *text);
const char *guest_status_text(enum guest_status status);
enum guest_status guest_status_parse(const char *text);
const char *seed_state_text(enum seed_state state);
enum seed_state seed_state_parse(const char *text);
const char *instance_step_text(enum instance_step step);
enum instance_step instance_step_parse(const char *text);
bool instance_step_has_percent(enum instance_step step);
/* "fetching its image, 40 %": for people; "" of NONE. */
enum { INSTANCE_STEP_WORDS = 64 };
void instance_step_words(char out[INSTANCE_STEP_WORDS], enum instance_step step, int64_t percent);
