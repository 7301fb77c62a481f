/* auth_sigv4_fixture.h - a signed request that is right until a test spoils it. */
#pragma once

#include "proto/auth/sigv4.h"

#define FIXTURE_SECRET "secret"
#define FIXTURE_NOW_MS 1440938160000 /* 2015-08-30T12:36:00Z */
#define FIXTURE_BODY   "Action=DescribeInstances&Version=2016-11-15"

enum { FIXTURE_HEADERS_MAX = 160 };

struct fixture {
    struct header headers[FIXTURE_HEADERS_MAX];
    struct request request;
    struct sigv4_check check;
    struct sigv4_auth auth;
    struct buf authorization;
    char date[SIGV4_DATE_SIZE];
    struct err err;
};

/* Signs POST with FIXTURE_BODY and `extra` (name NULL: none) for key AKID, region lab, at
 * FIXTURE_NOW_MS. `payload` NULL: the body's hash. */
void fixture_sign(struct fixture *f, const char *service, const char *target, const char *payload,
                  struct header extra);
/* The same for ec2, "/", without extra. */
void fixture_sign_ec2(struct fixture *f);

/* Headers that are not signed. */
void fixture_add(struct fixture *f, const char *name, const char *value);
void fixture_drop(struct fixture *f, const char *name);
/* Another Authorization. */
void fixture_authorize(struct fixture *f, const char *value);

/* Parses and checks. */
enum err_code fixture_verdict_of(struct fixture *f, struct sigv4_payload *payload);
/* The same, and the end of the fixture. */
enum err_code fixture_verdict(struct fixture *f);
