/* What a daemon says of itself: its four pages, answered outside of any turn. */
#include "proto/http/status.h"
#include "tests/unit/http_rig.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka last: it wants the four above */
#include <cmocka.h>

struct script {
    uint16_t tcp_port;
    const char *text;
    char *answer;
};

static void talk(void *arg)
{
    struct script *s = arg;
    s->answer = rig_talk(s->tcp_port, s->text);
}

static const int64_t long_ago = 1000, far_away = INT64_MAX / 2;

static void unwell(void *self, struct report *r)
{
    report_check(r, "cellar", self);
}

/* The answer to `text`; no row may come of it: the core is not asked. */
static char *ask(const struct status_config *given, const char *text)
{
    struct rig rig;
    struct status_config config = *given;
    rig_init(&rig, NULL);
    config.daemon = "tercet-test";
    config.address = "127.0.0.1";
    struct script s = {.tcp_port = status_open(rig.server, rig.loop, &config), .text = text};
    assert_int_not_equal(s.tcp_port, 0);
    rig_run_beside(&rig, talk, &s);
    assert_int_equal(rig_rows(&rig), 0);
    rig_fini(&rig);
    return s.answer;
}

static void expect(const struct status_config *config, const char *text, const char *status,
                   const char *inside)
{
    char *answer = ask(config, text);
    assert_int_equal(strncmp(answer, status, strlen(status)), 0);
    assert_non_null(strstr(answer, inside));
    free(answer);
}

#define END " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static void it_says_what_it_is(void **state)
{
    const struct status_config config = {.not_after_ms = &far_away};
    (void)state;
    expect(&config, "GET /healthz" END, "HTTP/1.1 200", "\r\n\r\nok\n");
    expect(&config, "GET /readyz" END, "HTTP/1.1 200", "\r\n\r\nok store\nok certificate\n");
    expect(&config, "GET /version" END, "HTTP/1.1 200", "{\"daemon\":\"tercet-test\",");
    expect(&config, "GET /metrics" END, "HTTP/1.1 200",
           "tercet_http_connections{listener=\"status\"} 1\n");
    expect(&config, "GET /metrics" END, "HTTP/1.1 200", "Content-Type: text/plain; version=0.0.4");
}

static void nothing_else_is_there(void **state)
{
    const struct status_config config = {0};
    (void)state;
    expect(&config, "GET /" END, "HTTP/1.1 404", "/healthz");
    expect(&config, "GET /metrics?x" END, "HTTP/1.1 404", "/healthz");
    expect(&config, "DELETE /metrics" END, "HTTP/1.1 405", "only GET");
}

static void what_is_unfit_says_why(void **state)
{
    char why[] = "it is flooded";
    const struct status_config expired = {.not_after_ms = &long_ago};
    const struct status_config flooded = {.report = unwell, .self = why};
    (void)state;
    expect(&expired, "GET /readyz" END, "HTTP/1.1 503", "no certificate: it has expired\n");
    expect(&flooded, "GET /readyz" END, "HTTP/1.1 503", "no cellar: it is flooded\n");
    expect(&flooded, "GET /healthz" END, "HTTP/1.1 200", "ok\n");
}

/* A port that is taken, or none that is wanted, keeps nobody from his service. */
static void it_can_be_closed(void **state)
{
    struct rig rig;
    (void)state;
    rig_init(&rig, NULL);
    struct status_config config = {.daemon = "tercet-test", .address = "127.0.0.1"};
    uint16_t tcp_port = status_open(rig.server, rig.loop, &config);
    config.tcp_port = tcp_port;
    assert_int_equal(status_open(rig.server, rig.loop, &config), 0);
    config.tcp_port = -1;
    assert_int_equal(status_open(rig.server, rig.loop, &config), 0);
    config.tcp_port = 0;
    config.address = "0.0.0.0";
    assert_int_equal(status_open(rig.server, rig.loop, &config), 0);
    struct script s = {.tcp_port = tcp_port, .text = "GET /healthz" END};
    rig_run_beside(&rig, talk, &s);
    assert_non_null(strstr(s.answer, "ok\n"));
    free(s.answer);
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_it_is),
        cmocka_unit_test(nothing_else_is_there),
        cmocka_unit_test(what_is_unfit_says_why),
        cmocka_unit_test(it_can_be_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
