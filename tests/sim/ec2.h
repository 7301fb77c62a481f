/* ec2.h - how a stock client spells and signs a request of the EC2 Query API, and reads the few
 * fields of an answer that the simulator looks at. */
#pragma once

#include "proto/auth/sigv4.h"
#include "tests/sim/net.h"

#include <stddef.h>
#include <stdint.h>

enum { SIM_EC2_BODY = 512, SIM_EC2_AUTH = 768 };

struct sim_ec2_key {
    char id[24], secret[48];
};

/* A request as it was signed; sent again as it is (the same signature) after a timeout. */
struct sim_ec2 {
    char body[SIM_EC2_BODY];
    char date[SIGV4_DATE_SIZE];
    char authorization[SIM_EC2_AUTH];
    int64_t signed_ms; /* when, of sim_ec2_now_ms; 0 = it is not */
};

/* Virtual time, and for how long everything was off; and the date, as subscribers have it. */
int64_t sim_ec2_now_ms(const struct sim_world *w);
int64_t sim_ec2_wall_ms(const struct sim_world *w);
/* `query` is the form without Version: "Action=...&...". */
void sim_ec2_sign(struct sim_ec2 *r, const struct sim_ec2_key *key, int64_t wall_ms, int64_t now_ms,
                  const char *query);
void sim_ec2_send(const struct sim_ec2 *r, struct sim_node *to, int64_t timeout_ms, void *self,
                  void (*done)(void *self, int status, const char *body, size_t body_len));
/* The text of the first <tag> at or after `*at`, before `end` (NULL: the whole rest); moves `*at`
 * behind it. False where there is none. */
bool sim_ec2_text(const char **at, const char *end, const char *tag, char *out, size_t out_size);
