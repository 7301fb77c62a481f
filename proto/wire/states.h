/* states.h - enums of the words in states.def. Unknown words parse as NONE. */
#pragma once

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

const char *seen_state_text(enum seen_state state);
enum seen_state seen_state_parse(const char *text);
const char *off_why_text(enum off_why why);
enum off_why off_why_parse(const char *text);
const char *guest_status_text(enum guest_status status);
enum guest_status guest_status_parse(const char *text);
const char *seed_state_text(enum seed_state state);
enum seed_state seed_state_parse(const char *text);
