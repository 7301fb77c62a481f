/* fault.h - which faults a seed brings, and how often. Each kind has its own random stream, so
 * that one can be left out without shifting the others. */
#pragma once

#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

enum sim_fault {
#define FAULT(name, unit, least, most) SIM_FAULT_##name,
#include "tests/sim/fault.def"
#undef FAULT
    SIM_FAULTS
};

struct sim_faults {
    bool on;                  /* the first phase: faults; the second: none */
    int64_t rate[SIM_FAULTS]; /* 0 = not in this run */
    struct rng_seeded streams[SIM_FAULTS];
};

const char *sim_fault_name(enum sim_fault fault);
/* SIM_FAULTS where there is none of that name. */
enum sim_fault sim_fault_parse(const char *name);
/* Does it come by itself, now and then? */
bool sim_fault_is_timed(enum sim_fault fault);
/* Draws rates and streams from the seed; `without[f]` leaves a kind out. */
void sim_faults_init(struct sim_faults *f, uint64_t seed, const bool without[SIM_FAULTS]);
/* Does this kind, counted per million, happen now? */
bool sim_faults_hit(struct sim_faults *f, enum sim_fault fault);
/* How long until it happens next, ms; for kinds counted in seconds. 0 = never in this run. */
int64_t sim_faults_wait_ms(struct sim_faults *f, enum sim_fault fault);
/* A number of that kind's own stream, below `below`. */
uint64_t sim_faults_draw(struct sim_faults *f, enum sim_fault fault, uint64_t below);
