/* http_echo - the rig as a process of its own, for tests/integ/http_gate.py: an echo core behind a
 * plain and a TLS listener with the usual limits. Prints "PLAIN-PORT TLS-PORT" and runs until
 * SIGTERM. */
#include "tests/unit/http_rig.h"

#include "base/check.h"
#include "base/log.h"

#include <stdio.h>

static void listen_both(struct rig *rig, const struct http_tls *tls)
{
    const struct http_listen plain = {.address = "127.0.0.1"};
    const struct http_listen secure = {.address = "127.0.0.1", .tls = tls};
    struct err err = {0};
    size_t first, second;
    INV(http_server_listen(rig->server, &plain, &first, &err) == ERR_OK);
    INV(http_server_listen(rig->server, &secure, &second, &err) == ERR_OK);
    printf("%u %u\n", http_server_tcp_port(rig->server, first),
           http_server_tcp_port(rig->server, second));
    fflush(stdout);
}

int main(void)
{
    struct rig rig;
    struct rig_certs certs;
    log_init("http_echo", LOG_WARN);
    rig_certs_init(&certs);
    rig_init(&rig, NULL);
    const struct http_tls tls = {.cert_pem = buf_str(&certs.parent_cert),
                                 .key_pem = buf_str(&certs.parent_key)};
    listen_both(&rig, &tls);
    rig_run(&rig);
    rig_fini(&rig);
    rig_certs_fini(&certs);
    return 0;
}
