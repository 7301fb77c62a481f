/* problem.h - an error in each spelling. What is ours alone (a failed disk) is not told. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Its text for a stranger: a fault of ours says nothing of our inside, the log has it. */
const char *cloud_problem_message(const struct err *err);
void cloud_problem_ec2(struct buf *out, const struct err *err, const char *request_id);
void cloud_problem_sts(struct buf *out, const struct err *err, const char *request_id);
/* problem+json (RFC 9457), between tiers; `title` is our own name of the error. */
void cloud_problem_json(struct buf *out, const struct err *err, const char *request_id);
