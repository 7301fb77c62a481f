/* R7: two runs of the hypervisor service never carry the same name. */
#include "tests/unit/hypervisor_cmocka.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/hypervisor/service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/tct-service-XXXXXX", path[64], uri[128];

/* A process that listens at `path`, until it is killed; returns once it does. */
static pid_t listen_in_child(void)
{
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, "a ) odd (name");
        str_copy(at.sun_path, sizeof at.sun_path, path);
        unlink(path);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 4) != 0 ||
            write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void a_run_is_named_by_its_process(void **state)
{
    (void)state;
    struct err err = {0};
    char first[HOST_NAME_SIZE], again[HOST_NAME_SIZE], second[HOST_NAME_SIZE], pid_text[16];
    pid_t pid = listen_in_child();
    assert_int_equal(host_service_identity(first, uri, "9", &err), ERR_OK);
    assert_int_equal(host_service_identity(again, uri, "9", &err), ERR_OK);
    assert_string_equal(first, again);
    snprintf(pid_text, sizeof pid_text, "%d-", (int)pid);
    assert_true(str_has_prefix(first, pid_text));
    int64_t started;
    assert_true(str_parse_i64(first + strlen(pid_text), 1, INT64_MAX, &started));
    end(pid);
    assert_int_equal(host_service_identity(second, uri, "9", &err), ERR_UNAVAILABLE);
    pid = listen_in_child();
    assert_int_equal(host_service_identity(second, uri, "9", &err), ERR_OK);
    assert_string_not_equal(first, second);
    end(pid);
}

static void sockets_are_found_in_uris(void **state)
{
    (void)state;
    char out[108];
    assert_true(host_service_socket(out, sizeof out, "qemu+unix:///system?a=b&socket=/x/y&c=d"));
    assert_string_equal(out, "/x/y");
    assert_true(host_service_socket(out, sizeof out, "qemu:///system"));
    assert_string_equal(out, "/run/libvirt/libvirt-sock");
    assert_false(host_service_socket(out, sizeof out, "qemu+tls://host/system"));
    assert_false(host_service_socket(out, sizeof out, "qemu+unix:///x?xsocket=/y"));
    assert_false(host_service_socket(out, sizeof out, "qemu+unix:///x?socket=relative"));
}

static void what_cannot_be_seen_is_named_by_boot(void **state)
{
    (void)state;
    struct err err = {0};
    char boot[HOST_NAME_SIZE], name[HOST_NAME_SIZE];
    assert_int_equal(host_service_boot(boot, &err), ERR_OK);
    assert_int_equal(strlen(boot), 36);
    assert_int_equal(host_service_identity(name, "qemu+tls://host/system", "9000000", &err),
                     ERR_OK);
    assert_non_null(strstr(name, boot));
    assert_int_equal(host_service_identity(name, "test:///default", "9", &err), ERR_OK);
    assert_null(strstr(name, boot));
}

static int set_up(void **state)
{
    (void)state;
    PRE(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/sock", dir);
    snprintf(uri, sizeof uri, "qemu+unix:///system?socket=%s", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_named_by_its_process),
        cmocka_unit_test(sockets_are_found_in_uris),
        cmocka_unit_test(what_cannot_be_seen_is_named_by_boot),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
