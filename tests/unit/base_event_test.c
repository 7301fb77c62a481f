/* Effects are copies in the turn's arena, in order, and can be taken back from a mark on. */
#include "tests/unit/unit.h"

#include "base/check.h"
#include "base/event.h"

#include <string.h>

static void what_is_emitted_is_a_copy(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct effects out = {.arena = &arena};
    char type[] = "text/plain", body[] = "abc", name[] = "x-a", value[] = "1", spec[] = "spec";
    struct header header = {name, value};
    effect_reply_with(&out, &(struct effect_reply){.request_id = 7,
                                                   .status = 200,
                                                   .content_type = type,
                                                   .headers = &header,
                                                   .headers_len = 1,
                                                   .body = body,
                                                   .body_len = 3});
    effect_job(&out, &(struct effect_job){
                         .job_id = 1, .spec = spec, .spec_size = sizeof spec, .timeout_ms = 1});
    memset(type, '#', sizeof type - 1);
    memset(body, '#', sizeof body - 1);
    memset(name, '#', sizeof name - 1);
    memset(value, '#', sizeof value - 1);
    memset(spec, '#', sizeof spec - 1);
    header = (struct header){0};
    const struct effect_reply *reply = &out.first->reply;
    assert_string_equal(reply->content_type, "text/plain");
    assert_string_equal(reply->body, "abc");
    assert_string_equal(reply->headers[0].name, "x-a");
    assert_string_equal(reply->headers[0].value, "1");
    assert_string_equal(out.first->next->job.spec, "spec");
    arena_fini(&arena);
}

static void cutting_takes_back_what_came_after_the_mark(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct effects out = {.arena = &arena};
    effects_cut(&out, NULL);
    effect_reply(&out, 1, 200, "", "", 0);
    struct effect *mark = out.last;
    effect_reply(&out, 2, 200, "", "", 0);
    effect_reply(&out, 3, 200, "", "", 0);
    effects_cut(&out, mark);
    effect_reply(&out, 4, 200, "", "", 0);
    assert_int_equal(out.first->reply.request_id, 1);
    assert_int_equal(out.first->next->reply.request_id, 4);
    assert_null(out.first->next->next);
    effects_cut(&out, NULL);
    assert_null(out.first);
    effect_reply(&out, 5, 200, "", NULL, 0);
    assert_int_equal(out.first->reply.request_id, 5);
    assert_string_equal(out.first->reply.body, "");
    arena_fini(&arena);
}

static void headers_are_found_without_case(void **state)
{
    (void)state;
    const struct header headers[] = {{"Host", "a"}, {"X-Amz-Date", "b"}, {"host", "c"}};
    struct request r = {.headers = headers, .headers_len = 3};
    assert_string_equal(request_header(&r, "HOST"), "a");
    assert_string_equal(request_header(&r, "x-amz-date"), "b");
    assert_null(request_header(&r, "x-amz"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_emitted_is_a_copy),
        cmocka_unit_test(cutting_takes_back_what_came_after_the_mark),
        cmocka_unit_test(headers_are_found_without_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
