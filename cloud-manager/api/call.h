/* call.h - one action under way: what its handler in api/ is given.
 *
 * A handler decodes all it knows, calls cloud_query_done(), then one operation of ops/, then writes
 * the members of the answer; root element and request id are the dispatcher's (front.c). It may
 * set `wait` instead of answering: then it is called again, once, when that came or was given up.
 */
#pragma once

#include "base/event.h"
#include "cloud-manager/api/filter.h"
#include "cloud-manager/api/page.h"
#include "cloud-manager/api/query.h"
#include "cloud-manager/api/xml.h"
#include "cloud-manager/ops/op.h"
#include "cloud-manager/ops/tag.h"

struct cloud_call {
    struct cloud_op *op;
    struct cloud_query *query;
    struct cloud_xml *xml;       /* of EC2 and STS */
    const struct job_done *done; /* the job that it waited for, or NULL */
    bool is_again;               /* called for the second time: no more waiting */
    enum cloud_wait { CLOUD_WAIT_NOTHING, CLOUD_WAIT_RSA, CLOUD_WAIT_NOTE } wait;
    /* Of a note: whom to ask, for which ("console", "placement"), of what. */
    const char *wait_node, *wait_note, *wait_id;
};

/* A handler. */
typedef enum err_code cloud_handler(struct cloud_call *call, struct err *err);

#define EC2(id, name, handler, effect, secrecy) cloud_handler cloud_ec2_##handler;
#define STS(id, name, handler, effect, secrecy) cloud_handler cloud_sts_##handler;
#include "cloud-manager/ops/actions.def"
#undef EC2
#undef STS

/* ---- what several handlers decode or write ---------------------------------------------- */

/* TagSpecification.N for the resource types in `types` (ended by NULL). ERR_INVALID_PARAMETER,
 * ERR_UNSUPPORTED for a type that the action does not make. */
enum err_code cloud_decode_tag_specs(struct cloud_call *call, const char *const *types,
                                     struct cloud_tag_specs *out, struct err *err);
/* <tagSet>, nothing when there is none. */
void cloud_write_tags(struct cloud_xml *xml, const struct cloud_tags *tags);
/* <return>true</return> */
void cloud_write_done(struct cloud_xml *xml);
/* <nextToken> where there is more. */
void cloud_write_next(struct cloud_call *call, const struct cloud_walk *walk);
/* "172.31.0.5" in the op's arena. */
const char *cloud_text_address(const struct cloud_op *op, int64_t address);
/* "ip-172-31-0-5.lab.compute.internal" in the op's arena. */
const char *cloud_text_dns(const struct cloud_op *op, int64_t address);
/* "ec2-203-0-113-7.guests.example.org" in the op's arena, "" where the operator has no domain. */
const char *cloud_text_public_name(const struct cloud_op *op, int64_t address);
/* "arn:aws:ec2:lab:123456789012:vpc/vpc-..." in the op's arena. */
const char *cloud_text_arn(const struct cloud_op *op, const char *type, const char *id);
/* "2026-11-20T09:13:35.000Z" in the op's arena, for filters. */
const char *cloud_text_time(const struct cloud_op *op, int64_t wall_ms);
