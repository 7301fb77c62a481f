/* front.c - requests of subscribers: who is it, which action, has it been answered before?
 *
 *   signature -> parameters -> action -> answered before? -> handler -> answer, kept for repeats */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/api/call.h"
#include "cloud-manager/api/problem.h"
#include "cloud-manager/api/unbuilt.h"
#include "cloud-manager/ops/account.h"
#include "cloud-manager/state.h"
#include "cloud-manager/store/account.h"
#include "cloud-manager/store/replay.h"

#include <string.h>

enum {
    NOTE_WAIT_MS = 5 * 1000,
    RSA_TIMEOUT_MS = 60 * 1000,
    REPLAY_MS = 2 * SIGV4_SKEW_MS, /* from the earliest to the latest time of one signature */
};

enum action_effect { READS, SETTLES, CHANGES };
enum secrecy { OPEN, SECRET };

enum spelling { SPELLING_EC2, SPELLING_STS };

struct action {
    enum spelling spelling;
    const char *name;
    cloud_handler *run;
    enum action_effect effect;
    enum secrecy secrecy;
};

static const struct action actions[] = {
#define EC2(id, name, handler, effect, secrecy) \
    {SPELLING_EC2, name, cloud_ec2_##handler, effect, secrecy},
#define STS(id, name, handler, effect, secrecy) \
    {SPELLING_STS, name, cloud_sts_##handler, effect, secrecy},
#include "cloud-manager/ops/actions.def"
#undef EC2
#undef STS
};

/* Who asks, proven. */
struct caller {
    struct sigv4_auth auth;
    char signature[DIGEST_SHA256_HEX_SIZE];
};

static enum err_code check_signature(struct cloud_core *c, struct cloud_op *op,
                                     const struct request *r, const struct caller *caller,
                                     const char *key_id, const char *secret, struct err *err)
{
    return sigv4_check(&(struct sigv4_check){.request = r,
                                             .auth = &caller->auth,
                                             .service = caller->auth.service,
                                             .key_id = key_id,
                                             .secret = secret,
                                             .body = SIGV4_BODY_HERE,
                                             .wall_ms = op->wall_ms,
                                             .keys = &c->keys},
                       NULL, err);
}

static enum err_code authenticate(struct cloud_core *c, struct cloud_op *op,
                                  const struct request *r, struct caller *caller, struct err *err)
{
    CLEANUP(seal_wipe) struct buf secret = {0};
    struct cloud_access_key key;
    if (sigv4_parse(&caller->auth, r, err) != ERR_OK)
        return err->code;
    if (!str_eq(caller->auth.service, "ec2") && !str_eq(caller->auth.service, "sts"))
        return err_set(err, ERR_INVALID_ACTION, "The service %s is not served here",
                       caller->auth.service);
    bool is_known = cloud_access_key_get(c->store, op->arena, caller->auth.key_id, &key);
    if (!is_known)
        key = (struct cloud_access_key){.id = "", .account = "", .sealed = c->no_secret};
    enum err_code code = cloud_access_key_secret(op, key.id, key.sealed, &secret, err);
    if (code == ERR_OK)
        code = check_signature(c, op, r, caller, key.id, buf_str(&secret), err);
    if (!is_known && (code == ERR_OK || code == ERR_BAD_SIGNATURE))
        return err_set(err, ERR_UNKNOWN_KEY,
                       "AWS was not able to validate the provided access credentials");
    if (code != ERR_OK)
        return code;
    str_hex(caller->signature, caller->auth.signature, sizeof caller->auth.signature);
    op->account = key.account;
    op->key_id = key.id;
    return ERR_OK;
}

static const struct action *look_up(enum spelling spelling, const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (actions[i].spelling == spelling && str_eq(actions[i].name, name))
            return &actions[i];
    return NULL;
}

/* The service is told by the credential scope, never by a host name. */
static enum err_code find_action(const struct caller *caller, struct cloud_query *q,
                                 const struct action **out, struct err *err)
{
    const char *name = cloud_query_get(q, "Action");
    enum spelling spelling = str_eq(caller->auth.service, "sts") ? SPELLING_STS : SPELLING_EC2;
    cloud_query_get(q, "Version");
    if (name == NULL)
        return err_set(err, ERR_MISSING_ACTION, "The request must contain the parameter Action");
    *out = look_up(spelling, name);
    if (*out != NULL)
        return ERR_OK;
    if (spelling == SPELLING_EC2 && cloud_is_unbuilt(name))
        return err_set(err, ERR_UNSUPPORTED, "The action %s is not supported", name);
    return err_set(err, ERR_INVALID_ACTION, "The action %.100s is not valid for this web service",
                   name);
}

/* ---- answers ------------------------------------------------------------------------------ */

static void reply(struct cloud_core *c, const struct request *r, const char *body, size_t len)
{
    effect_reply(c->out, r->id, 200, "text/xml;charset=UTF-8", body, len);
}

static struct seal_key master(const struct cloud_core *c)
{
    struct seal_key key;
    memcpy(key.bytes, c->config.master_key, sizeof key.bytes);
    return key;
}

static void keep_answer(struct cloud_core *c, const struct cloud_op *op,
                        const struct action *action, const struct caller *caller,
                        const struct buf *body)
{
    CLEANUP(buf_fini) struct buf sealed = {0};
    if (action->effect != CHANGES)
        return;
    if (action->secrecy == SECRET) {
        struct seal_key key = master(c);
        seal_wrap(&key, arena_printf(op->arena, "replay|%s", caller->signature), body->data,
                  body->len, &c->rng, &sealed);
        seal_key_wipe(&key);
    }
    cloud_replay_save(c->store, caller->signature,
                      action->secrecy == SECRET ? buf_str(&sealed) : buf_str(body),
                      op->wall_ms + REPLAY_MS);
}

/* Must 3: the same signature again is a client that did not hear us; it gets what it was given. */
static bool answer_again(struct cloud_core *c, const struct cloud_op *op, const struct request *r,
                         const struct action *action, const struct caller *caller)
{
    CLEANUP(seal_wipe) struct buf plain = {0};
    struct err err = {0};
    const char *kept = action->effect == CHANGES
                           ? cloud_replay_get(c->store, op->arena, caller->signature)
                           : NULL;
    if (kept == NULL)
        return false;
    if (action->secrecy == OPEN) {
        reply(c, r, kept, strlen(kept));
        return true;
    }
    struct seal_key key = master(c);
    enum err_code code = seal_unwrap(&key, arena_printf(op->arena, "replay|%s", caller->signature),
                                     kept, &plain, &err);
    seal_key_wipe(&key);
    if (code != ERR_OK) {
        cloud_front_fail(r, &err, c->out);
        return true;
    }
    reply(c, r, plain.data, plain.len);
    return true;
}

/* ---- waiting ------------------------------------------------------------------------------ */

static enum err_code wait_for(struct cloud_core *c, const struct event *ev,
                              const struct cloud_call *call, struct err *err)
{
    struct cloud_held *held = NULL;
    INV(ev->kind == EVENT_REQUEST && !call->is_again);
    if (call->wait == CLOUD_WAIT_NOTE) {
        if (cloud_hold(c, ev, CLOUD_HELD_NOTE, ev->at.mono_ms + NOTE_WAIT_MS, &held, err) != ERR_OK)
            return err->code;
        str_copy(held->instance, sizeof held->instance, call->wait_id);
        held->note = call->wait_note;
        sync_parent_ask(&c->parent, call->wait_node, call->wait_note, call->wait_id);
        return ERR_OK;
    }
    if (cloud_hold(c, ev, CLOUD_HELD_JOB, ev->at.mono_ms + 2 * RSA_TIMEOUT_MS, &held, err) !=
        ERR_OK)
        return err->code;
    held->job_id = c->next_job++;
    effect_job(c->out, &(struct effect_job){.job_id = held->job_id,
                                            .kind = CLOUD_JOB_RSA,
                                            .spec = "",
                                            .timeout_ms = RSA_TIMEOUT_MS});
    return ERR_OK;
}

/* ---- one request -------------------------------------------------------------------------- */

static void open_answer(struct cloud_xml *xml, struct buf *body, const struct cloud_op *op,
                        const struct action *action, const struct request *r)
{
    bool is_ec2 = action->spelling == SPELLING_EC2;
    cloud_xml_init(xml, body);
    cloud_xml_open_ns(xml, arena_printf(op->arena, "%sResponse", action->name),
                      is_ec2 ? "http://ec2.amazonaws.com/doc/2016-11-15/"
                             : "https://sts.amazonaws.com/doc/2011-06-15/");
    if (is_ec2)
        cloud_xml_text(xml, "requestId", r->trace);
    else
        cloud_xml_open(xml, arena_printf(op->arena, "%sResult", action->name));
}

static void close_answer(struct cloud_xml *xml, const struct action *action,
                         const struct request *r)
{
    if (action->spelling != SPELLING_EC2) {
        cloud_xml_close(xml);
        cloud_xml_open(xml, "ResponseMetadata");
        cloud_xml_text(xml, "RequestId", r->trace);
        cloud_xml_close(xml);
    }
    cloud_xml_close_to(xml, 0);
}

static enum err_code run(struct cloud_core *c, const struct event *ev, const struct request *r,
                         struct cloud_call *call, const struct action *action,
                         const struct caller *caller, struct err *err)
{
    CLEANUP(seal_wipe) struct buf body = {0};
    open_answer(call->xml, &body, call->op, action, r);
    if (action->run(call, err) != ERR_OK)
        return err->code;
    if (call->wait != CLOUD_WAIT_NOTHING)
        return wait_for(c, ev, call, err);
    close_answer(call->xml, action, r);
    keep_answer(c, call->op, action, caller, &body);
    reply(c, r, body.data, body.len);
    return ERR_OK;
}

static enum err_code check_face(const struct request *r, struct err *err)
{
    size_t path = strcspn(r->target, "?");
    if (path != 1 || r->target[0] != '/')
        return err_set(err, ERR_NOT_FOUND, "there is nothing at %.100s", r->target);
    if (!str_eq(r->method, "POST") && !str_eq(r->method, "GET"))
        return err_set(err, ERR_METHOD_NOT_ALLOWED, "only GET and POST are served here");
    return ERR_OK;
}

enum err_code cloud_front_request(struct cloud_core *c, const struct event *ev,
                                  const struct request *r, const struct job_done *done,
                                  bool is_again, struct err *err)
{
    struct cloud_op op = cloud_core_op(c, ev);
    struct caller caller = {0};
    struct cloud_query query = {0};
    struct cloud_xml xml = {0};
    const struct action *action = NULL;
    if (check_face(r, err) != ERR_OK || authenticate(c, &op, r, &caller, err) != ERR_OK ||
        cloud_query_decode(&query, op.arena, r->target, r->body, r->body_len, err) != ERR_OK ||
        find_action(&caller, &query, &action, err) != ERR_OK ||
        cloud_query_bool(&query, "DryRun", false, &op.is_dry_run, err) != ERR_OK)
        return err->code;
    INV(action != NULL);
    if (answer_again(c, &op, r, action, &caller))
        return ERR_OK;
    struct cloud_call call = {
        .op = &op, .query = &query, .xml = &xml, .done = done, .is_again = is_again};
    return run(c, ev, r, &call, action, &caller, err);
}

static void log_failure(const struct err *err)
{
    const struct err_row *row = err_row(err->code);
    enum log_level level = row->level == ERR_LEVEL_ERROR  ? LOG_ERROR
                           : row->level == ERR_LEVEL_WARN ? LOG_WARN
                                                          : LOG_INFO;
    log_line(level, "request.failed", "code", row->name, "why", err->text, NULL);
}

void cloud_front_fail(const struct request *r, const struct err *err, struct effects *out)
{
    struct buf body = {0};
    struct sigv4_auth auth;
    bool is_json = r->face == FACE_TIER;
    bool is_sts = !is_json && sigv4_parse(&auth, r, NULL) == ERR_OK && str_eq(auth.service, "sts");
    log_failure(err);
    if (is_json)
        cloud_problem_json(&body, err, r->trace);
    else if (is_sts)
        cloud_problem_sts(&body, err, r->trace);
    else
        cloud_problem_ec2(&body, err, r->trace);
    effect_reply(out, r->id, err_row(err->code)->http,
                 is_json ? "application/problem+json" : "text/xml;charset=UTF-8", body.data,
                 body.len);
    buf_fini(&body);
}
