/* instance_state.c - EC2's states as a table, and the one function that chooses among them. */
#include "cloud-manager/model/instance_state.h"

#include "base/check.h"

#include <stddef.h>

/* Codes are multiples of 16 up to 80: one bit each. */
#define BIT(code)  (1u << ((unsigned)(code) / 16))
#define NEXT(name) BIT(CLOUD_INSTANCE_##name)

struct row {
    enum cloud_instance_state state;
    const char *text;
    unsigned next; /* bits of BIT() */
};

static const struct row table[] = {
#define STATE(name, code, text, next) {CLOUD_INSTANCE_##name, text, next},
#include "cloud-manager/model/instance_states.def"
#undef STATE
};

static const struct row *find(enum cloud_instance_state state)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].state == state)
            return &table[i];
    return NULL;
}

const char *cloud_instance_state_text(enum cloud_instance_state state)
{
    const struct row *row = find(state);
    return row != NULL ? row->text : NULL;
}

bool cloud_instance_state_may_follow(enum cloud_instance_state from, enum cloud_instance_state to)
{
    const struct row *row = find(from);
    PRE(row != NULL && find(to) != NULL);
    return from == to || (row->next & BIT(to)) != 0;
}

static enum cloud_instance_state towards(enum cloud_want want, enum cloud_instance_seen seen,
                                         bool is_current)
{
    switch (want) {
    case CLOUD_WANT_RUNNING:
        return seen == CLOUD_SEEN_RUNNING && is_current ? CLOUD_INSTANCE_RUNNING
                                                        : CLOUD_INSTANCE_PENDING;
    case CLOUD_WANT_STOPPED:
        return seen == CLOUD_SEEN_OFF && is_current ? CLOUD_INSTANCE_STOPPED
                                                    : CLOUD_INSTANCE_STOPPING;
    case CLOUD_WANT_TERMINATED:
        return seen == CLOUD_SEEN_GONE ? CLOUD_INSTANCE_TERMINATED : CLOUD_INSTANCE_SHUTTING_DOWN;
    }
    IMPOSSIBLE("a want that is none");
}

enum cloud_instance_state cloud_instance_state_show(enum cloud_instance_state shown,
                                                    enum cloud_want want,
                                                    enum cloud_instance_seen seen, bool is_current)
{
    enum cloud_instance_state next = towards(want, seen, is_current);
    /* A running one whose hypervisor died is started again without a word: it goes on running. */
    return cloud_instance_state_may_follow(shown, next) ? next : shown;
}

enum instance_step cloud_instance_step_show(enum cloud_instance_state shown, bool is_current,
                                            enum instance_step said)
{
    if (shown != CLOUD_INSTANCE_PENDING)
        return STEP_NONE;
    return is_current ? said : STEP_HOST;
}
