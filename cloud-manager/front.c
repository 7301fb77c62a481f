/* front.c - requests of subscribers: which spelling, which action, has it been answered before?
 *
 *   spelling -> signature -> action and parameters -> answered before? -> handler -> answer, kept
 *
 * EC2 and STS Query, and REST, which comes to the same actions by its routes (api/rest.h). */
#include "cloud-manager/front.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/api/problem.h"
#include "cloud-manager/api/unbuilt.h"
#include "cloud-manager/report.h"

#include <string.h>

enum {
    NOTE_WAIT_MS = 5 * 1000,
    RSA_TIMEOUT_MS = 60 * 1000,
};

/* By enum cloud_action_id. */
static const struct cloud_action actions[CLOUD_ACTIONS] = {
#define EC2(id, name, handler, effect, secrecy) \
    [CLOUD_DO_##id] = {SPELLING_EC2, name, cloud_ec2_##handler, effect, secrecy},
#define STS(id, name, handler, effect, secrecy) \
    [CLOUD_DO_##id] = {SPELLING_STS, name, cloud_sts_##handler, effect, secrecy},
#define REST(id, name, effect, secrecy) \
    [CLOUD_DO_##id] = {SPELLING_REST, name, NULL, effect, secrecy},
#include "cloud-manager/ops/actions.def"
#undef EC2
#undef STS
#undef REST
};

static const struct cloud_action *look_up(enum cloud_spelling spelling, const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (actions[i].spelling == spelling && str_eq(actions[i].name, name))
            return &actions[i];
    return NULL;
}

const char *cloud_action_name(int action)
{
    return actions[action].name;
}

/* ---- what is asked -------------------------------------------------------------------------- */

static enum err_code check_query_face(const struct request *r, struct err *err)
{
    size_t path = strcspn(r->target, "?");
    if (path != 1 || r->target[0] != '/')
        return err_set(err, ERR_NOT_FOUND, "there is nothing at %.100s", r->target);
    if (!str_eq(r->method, "POST") && !str_eq(r->method, "GET"))
        return err_set(err, ERR_METHOD_NOT_ALLOWED, "only GET and POST are served here");
    return ERR_OK;
}

/* What can be told before anybody has proven anything. */
static enum err_code find_face(struct cloud_asked *asked, struct arena *arena, struct err *err)
{
    if (!cloud_rest_is_target(asked->request->target))
        return check_query_face(asked->request, err);
    asked->spelling = SPELLING_REST;
    if (cloud_rest_route(&asked->rest, arena, asked->request, err) != ERR_OK)
        return err->code;
    asked->action = &actions[asked->rest.route->action];
    return ERR_OK;
}

/* The service is told by the credential scope, never by a host name. */
static enum err_code find_action(struct cloud_asked *asked, struct cloud_query *q, struct err *err)
{
    const char *name = cloud_query_get(q, "Action");
    cloud_query_get(q, "Version");
    if (name == NULL)
        return err_set(err, ERR_MISSING_ACTION, "The request must contain the parameter Action");
    if (str_eq(asked->caller.auth.service, "sts"))
        asked->spelling = SPELLING_STS;
    asked->action = look_up(asked->spelling, name);
    if (asked->action != NULL)
        return ERR_OK;
    if (asked->spelling == SPELLING_EC2 && cloud_is_unbuilt(name))
        return err_set(err, ERR_UNSUPPORTED, "The action %s is not supported", name);
    return err_set(err, ERR_INVALID_ACTION, "The action %.100s is not valid for this web service",
                   name);
}

static enum err_code decode(struct cloud_asked *asked, struct cloud_op *op, struct cloud_query *q,
                            struct err *err)
{
    const struct request *r = asked->request;
    q->arena = op->arena;
    if (asked->spelling == SPELLING_REST)
        return cloud_rest_decode(&asked->rest, r, asked->action->name, q, &op->is_dry_run, err);
    if (cloud_query_decode(q, op->arena, r->target, r->body, r->body_len, err) != ERR_OK ||
        find_action(asked, q, err) != ERR_OK)
        return err->code;
    return cloud_query_bool(q, "DryRun", false, &op->is_dry_run, err);
}

/* ---- answers ------------------------------------------------------------------------------ */

/* A GET of one object has an entity tag; whoever knows it gets no body. */
static void reply_rest(struct cloud_core *c, const struct cloud_asked *asked,
                       const struct buf *body)
{
    const struct cloud_route *route = asked->rest.route;
    const char *known = request_header(asked->request, "If-None-Match");
    char etag[CLOUD_ETAG_SIZE];
    const struct header tagged = {"ETag", etag};
    struct effect_reply reply = {.request_id = asked->request->id,
                                 .status = route->status,
                                 .content_type = "application/json",
                                 .body = buf_str(body),
                                 .body_len = body->len};
    cloud_rest_etag(etag, buf_str(body), body->len);
    if (cloud_route_is_object(route)) {
        reply.headers = &tagged;
        reply.headers_len = 1;
        if (known != NULL && cloud_rest_etag_is_in(known, etag)) {
            reply.status = 304;
            reply.body_len = 0;
        }
    }
    effect_reply_with(c->out, &reply);
}

static void reply(struct cloud_core *c, const struct cloud_asked *asked, const struct buf *body)
{
    if (asked->spelling == SPELLING_REST)
        reply_rest(c, asked, body);
    else
        effect_reply(c->out, asked->request->id, 200, "text/xml;charset=UTF-8", body->data,
                     body->len);
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
                        const struct cloud_asked *asked)
{
    bool is_ec2 = asked->spelling == SPELLING_EC2;
    cloud_xml_init(xml, body);
    cloud_xml_open_ns(xml, arena_printf(op->arena, "%sResponse", asked->action->name),
                      is_ec2 ? "http://ec2.amazonaws.com/doc/2016-11-15/"
                             : "https://sts.amazonaws.com/doc/2011-06-15/");
    if (is_ec2)
        cloud_xml_text(xml, "requestId", asked->request->trace);
    else
        cloud_xml_open(xml, arena_printf(op->arena, "%sResult", asked->action->name));
}

static void close_answer(struct cloud_xml *xml, const struct cloud_asked *asked)
{
    if (asked->spelling != SPELLING_EC2) {
        cloud_xml_close(xml);
        cloud_xml_open(xml, "ResponseMetadata");
        cloud_xml_text(xml, "RequestId", asked->request->trace);
        cloud_xml_close(xml);
    }
    cloud_xml_close_to(xml, 0);
}

static enum err_code run_query(struct cloud_call *call, const struct cloud_asked *asked,
                               struct buf *body, struct err *err)
{
    open_answer(call->xml, body, call->op, asked);
    if (asked->action->run(call, err) != ERR_OK)
        return err->code;
    if (call->wait == CLOUD_WAIT_NOTHING)
        close_answer(call->xml, asked);
    return ERR_OK;
}

static enum err_code run_rest(struct cloud_call *call, const struct cloud_asked *asked,
                              struct buf *body, struct err *err)
{
    struct cloud_tree tree;
    cloud_tree_init(&tree, call->op->arena);
    cloud_xml_init_tree(call->xml, &tree);
    if (asked->action->run(call, err) != ERR_OK)
        return err->code;
    return call->wait == CLOUD_WAIT_NOTHING ? cloud_rest_encode(&asked->rest, &tree, body, err)
                                            : ERR_OK;
}

/* "/v1/instances/i-1/actions/stop" is about "/v1/instances/i-1". */
static const char *object_of(struct arena *arena, const char *target)
{
    size_t len = 0;
    for (int segments = 0; segments < 3 && target[len] == '/'; segments++)
        len += 1 + strcspn(target + len + 1, "/?");
    return arena_strndup(arena, target, len);
}

/* If-Match: the object is still what the caller knows, in the turn that changes it. Never passed
 * over where it cannot be held. */
static enum err_code check_match(const struct cloud_call *call, const struct cloud_asked *asked,
                                 struct err *err)
{
    CLEANUP(seal_wipe) struct buf body = {0};
    const char *known = request_header(asked->request, "If-Match");
    struct request get = *asked->request;
    struct cloud_op op = *call->op;
    struct cloud_asked about = {.request = &get, .spelling = SPELLING_REST};
    struct cloud_query query = {0};
    struct cloud_xml xml = {0};
    struct cloud_call read = {.op = &op, .query = &query, .xml = &xml};
    char etag[CLOUD_ETAG_SIZE];
    if (known == NULL)
        return ERR_OK;
    get.method = "GET";
    get.target = object_of(op.arena, asked->request->target);
    get.body_len = 0;
    if (str_eq(asked->request->method, "GET") ||
        cloud_rest_route(&about.rest, op.arena, &get, NULL) != ERR_OK ||
        !cloud_route_is_object(about.rest.route))
        return err_set(err, ERR_UNSUPPORTED, "If-Match is for changes of one object");
    about.action = &actions[about.rest.route->action];
    if (decode(&about, &op, &query, err) != ERR_OK || run_rest(&read, &about, &body, err) != ERR_OK)
        return err->code;
    cloud_rest_etag(etag, buf_str(&body), body.len);
    return cloud_rest_etag_is_in(known, etag)
               ? ERR_OK
               : err_set(err, ERR_PRECONDITION, "the object is not what If-Match says");
}

static enum err_code run(struct cloud_core *c, const struct event *ev, struct cloud_call *call,
                         const struct cloud_asked *asked, struct err *err)
{
    CLEANUP(seal_wipe) struct buf body = {0};
    struct cloud_repeat repeat;
    bool is_known;
    if (cloud_repeat_name(&repeat, call->op, asked, call->query, err) != ERR_OK ||
        cloud_repeat_find(c, call->op, asked, &repeat, &body, &is_known, err) != ERR_OK)
        return err->code;
    if (is_known) {
        reply(c, asked, &body);
        return ERR_OK;
    }
    if (asked->spelling == SPELLING_REST && check_match(call, asked, err) != ERR_OK)
        return err->code;
    enum err_code code = asked->spelling == SPELLING_REST ? run_rest(call, asked, &body, err)
                                                          : run_query(call, asked, &body, err);
    if (code != ERR_OK)
        return code;
    if (call->wait != CLOUD_WAIT_NOTHING)
        return wait_for(c, ev, call, err);
    cloud_repeat_keep(c, call->op, asked, &repeat, &body);
    reply(c, asked, &body);
    return ERR_OK;
}

static void reply_openapi(struct cloud_core *c, const struct request *r)
{
    CLEANUP(buf_fini) struct buf body = {0};
    cloud_openapi(&body);
    effect_reply(c->out, r->id, 200, "application/json", body.data, body.len);
}

enum err_code cloud_front_request(struct cloud_core *c, const struct event *ev,
                                  const struct request *r, const struct job_done *done,
                                  bool is_again, struct err *err)
{
    struct cloud_op op = cloud_core_op(c, ev);
    struct cloud_asked asked = {.request = r, .spelling = SPELLING_EC2};
    struct cloud_query query = {0};
    struct cloud_xml xml = {0};
    if (cloud_rest_is_openapi(r)) {
        reply_openapi(c, r);
        return ERR_OK;
    }
    if (find_face(&asked, op.arena, err) != ERR_OK ||
        cloud_caller_prove(c, &op, &asked, err) != ERR_OK ||
        decode(&asked, &op, &query, err) != ERR_OK) {
        cloud_count_request(c, -1, err->code);
        return err->code;
    }
    INV(asked.action != NULL);
    int action = (int)(asked.action - actions);
    struct cloud_call call = {
        .op = &op, .query = &query, .xml = &xml, .done = done, .is_again = is_again};
    bool is_stream = asked.spelling == SPELLING_REST &&
                     asked.rest.route->answer == CLOUD_ANSWER_STREAM;
    enum err_code code = is_stream ? cloud_watch_open(c, &op, &asked, &query, err)
                                   : run(c, ev, &call, &asked, err);
    if (code != ERR_OK || call.wait == CLOUD_WAIT_NOTHING)
        cloud_count_request(c, action, code);
    return code;
}

/* ---- errors --------------------------------------------------------------------------------- */

static void log_failure(const struct err *err)
{
    const struct err_row *row = err_row(err->code);
    enum log_level level = row->level == ERR_LEVEL_ERROR  ? LOG_ERROR
                           : row->level == ERR_LEVEL_WARN ? LOG_WARN
                                                          : LOG_INFO;
    log_line(level, "request.failed", "code", row->name, "why", err->text, NULL);
}

static void fail_rest(const struct request *r, const struct err *err, struct effects *out)
{
    CLEANUP(buf_fini) struct buf body = {0};
    struct cloud_rest rest;
    bool is_route = cloud_rest_route(&rest, out->arena, r, NULL) == ERR_OK;
    struct effect_reply reply = {.request_id = r->id, .content_type = "application/problem+json"};
    reply.status = cloud_rest_status(is_route ? rest.route : NULL, err);
    cloud_rest_problem(&body, is_route ? rest.route : NULL, err, r->trace);
    reply.body = body.data;
    reply.body_len = body.len;
    struct header more = {"Allow", cloud_rest_methods(out->arena, r)};
    if (reply.status == 401)
        more = (struct header){"WWW-Authenticate", "AWS4-HMAC-SHA256"};
    if (reply.status == 401 || reply.status == 405) {
        reply.headers = &more;
        reply.headers_len = 1;
    }
    effect_reply_with(out, &reply);
}

static void fail_query(const struct request *r, const struct err *err, struct effects *out)
{
    CLEANUP(buf_fini) struct buf body = {0};
    struct sigv4_auth auth;
    bool is_json = r->face == FACE_TIER;
    bool is_sts = !is_json && sigv4_parse(&auth, r, NULL) == ERR_OK && str_eq(auth.service, "sts");
    if (is_json)
        cloud_problem_json(&body, err, r->trace);
    else if (is_sts)
        cloud_problem_sts(&body, err, r->trace);
    else
        cloud_problem_ec2(&body, err, r->trace);
    effect_reply(out, r->id, err_row(err->code)->http,
                 is_json ? "application/problem+json" : "text/xml;charset=UTF-8", body.data,
                 body.len);
}

void cloud_front_fail(const struct request *r, const struct err *err, struct effects *out)
{
    log_failure(err);
    if (r->face == FACE_PUBLIC && cloud_rest_is_target(r->target))
        fail_rest(r, err, out);
    else
        fail_query(r, err, out);
}
