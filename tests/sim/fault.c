/* fault.c - the swarm: each seed draws its own mix of faults. */
#include "tests/sim/fault.h"

#include "base/check.h"
#include "base/str.h"

#include <stddef.h>

enum unit { PER_MILLION, SECONDS };

static const struct row {
    const char *name;
    enum unit unit;
    int64_t least, most;
} rows[SIM_FAULTS] = {
#define FAULT(name, unit, least, most) {#name, unit, least, most},
#include "tests/sim/fault.def"
#undef FAULT
};

const char *sim_fault_name(enum sim_fault fault)
{
    return rows[fault].name;
}

enum sim_fault sim_fault_parse(const char *name)
{
    size_t at = 0;
    while (at < SIM_FAULTS && !str_eq(rows[at].name, name))
        at++;
    return (enum sim_fault)at;
}

bool sim_fault_is_timed(enum sim_fault fault)
{
    return rows[fault].unit == SECONDS;
}

void sim_faults_init(struct sim_faults *f, uint64_t seed, const bool without[SIM_FAULTS])
{
    *f = (struct sim_faults){.on = true};
    for (size_t i = 0; i < SIM_FAULTS; i++) {
        f->streams[i].state = seed * 0x9e3779b97f4a7c15u + (i + 1) * 0xd1b54a32d192ed03u;
        struct rng rng = rng_seeded(&f->streams[i]);
        uint64_t span = (uint64_t)(rows[i].most - rows[i].least + 1);
        bool in = rng_below(&rng, 2) == 0;
        /* Rates spread over decades: the square of a uniform number favours the rare. */
        uint64_t u = rng_below(&rng, 1000), rate = span * u / 1000 * u / 1000;
        if (rows[i].unit == SECONDS)
            rate = span - 1 - rate;
        f->rate[i] = in && !without[i] ? rows[i].least + (int64_t)rate : 0;
    }
}

bool sim_faults_hit(struct sim_faults *f, enum sim_fault fault)
{
    PRE(rows[fault].unit == PER_MILLION);
    if (!f->on || f->rate[fault] == 0)
        return false;
    return (int64_t)sim_faults_draw(f, fault, 1000000) < f->rate[fault];
}

int64_t sim_faults_wait_ms(struct sim_faults *f, enum sim_fault fault)
{
    PRE(rows[fault].unit == SECONDS);
    if (!f->on || f->rate[fault] == 0)
        return 0;
    return 1 + (int64_t)sim_faults_draw(f, fault, (uint64_t)f->rate[fault] * 2000);
}

uint64_t sim_faults_draw(struct sim_faults *f, enum sim_fault fault, uint64_t below)
{
    struct rng rng = rng_seeded(&f->streams[fault]);
    return rng_below(&rng, below);
}
