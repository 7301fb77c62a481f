/* hypervisor_chunk_server.h - a stand-in for dos: TLS with client certificates, bodies by path,
 * and the faults of a network on demand. One in a process. */
#pragma once

#include <stdatomic.h>
#include <stddef.h>

enum near_fault { NEAR_FINE, NEAR_LIES, NEAR_IS_SLOW, NEAR_GOES_AWAY, NEAR_REFUSES };

struct chunk_server {
    char dir[64]; /* holds ca.pem, host.pem, host.key */
    char ca_file[96], cert_file[96], key_file[96];
    char url[64];
    const char *grant;     /* that is let in */
    atomic_int requests;   /* answered with 200 */
    atomic_int drop_every; /* cut each n-th answer in the middle; 0 = none */
    atomic_int flip_every; /* spoil a byte of each n-th; 0 = none */
    atomic_int near_fault; /* of what is served as another host: enum near_fault */
    atomic_int near_requests;
    atomic_int delay_ms;   /* each answer takes so long */
    atomic_int stop_after; /* 503 once so many were answered; 0 = never */
};

/* Certificates: a CA, "dos-1" for the server, "host-1" for the client. */
void chunk_server_start(struct chunk_server *s);
/* Ends and removes its files. */
void chunk_server_stop(struct chunk_server *s);
/* What is served under "/v1/..."; the bytes are borrowed. */
void chunk_server_put(const char *path, const void *bytes, size_t len);
