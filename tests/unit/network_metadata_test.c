/* network_metadata_test.c - the tree a guest reads and the rules of its tokens (must 12). The
 * expected paths are those that cloud-init 22.4 crawls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/model/metadata.h"
#include "tests/unit/network_facts.h"

static const uint8_t key[METADATA_KEY_SIZE] = {1, 2, 3};
static const uint8_t other_key[METADATA_KEY_SIZE] = {1, 2, 4};

static struct metadata_request get(const char *path)
{
    struct metadata_request r = {.method = METADATA_GET, .ttl_s = -1};
    assert_true(str_copy(r.path, sizeof r.path, path));
    return r;
}

static int status_of(const struct metadata_instance *i, const struct metadata_request *r,
                     int64_t now_ms)
{
    struct metadata_answer a;
    metadata_answer(&a, i, r, key, now_ms);
    metadata_answer_fini(&a);
    return a.status;
}

static void expect(const struct metadata_instance *i, const char *path, const char *body)
{
    struct metadata_answer a;
    struct metadata_request r = get(path);
    metadata_answer(&a, i, &r, key, 0);
    if (a.status != 200 || strcmp(buf_str(&a.body), body) != 0)
        fail_msg("%s: %d '%s', not '%s'", path, a.status, buf_str(&a.body), body);
    metadata_answer_fini(&a);
}

static void expect_status(const struct metadata_instance *i, const char *path, int status)
{
    struct metadata_request r = get(path);
    if (status_of(i, &r, 0) != status)
        fail_msg("%s: %d, not %d", path, status_of(i, &r, 0), status);
}

static void leaves_say_what_they_should(void **state)
{
    (void)state;
    struct metadata_instance i = network_facts_instance();
    expect(&i, "/latest/meta-data/ami-id", "ami-0123456789abcdef0");
    expect(&i, "/2009-04-04/meta-data/instance-id", "i-0123456789abcdef0");
    expect(&i, "/2021-03-23/meta-data/ami-launch-index", "0");
    expect(&i, "/latest/meta-data/hostname", "ip-172-31-0-5.test-1.compute.internal");
    expect(&i, "/latest/meta-data/local-hostname", "ip-172-31-0-5.test-1.compute.internal");
    expect(&i, "/latest/meta-data/local-ipv4", "172.31.0.5");
    expect(&i, "/latest/meta-data/mac", "02:00:00:00:00:05");
    expect(&i, "/latest/meta-data/placement/availability-zone", "test-1a");
    expect(&i, "/latest/meta-data/placement/region", "test-1");
    expect(&i, "/latest/meta-data/security-groups", "default\nweb");
    expect(&i, "/latest/meta-data/block-device-mapping/root", "/dev/sda1");
    expect(&i, "/latest/meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA my");
    expect(&i, "/latest/meta-data/network/interfaces/macs/02:00:00:00:00:05/device-number", "0");
    expect(&i, "/latest/meta-data/network/interfaces/macs/02:00:00:00:00:05/local-ipv4s",
           "172.31.0.5");
    expect(&i, "/latest/meta-data/network/interfaces/macs/02:00:00:00:00:05/subnet-ipv4-cidr-block",
           "172.31.0.0/20");
    expect(&i, "/latest/meta-data/network/interfaces/macs/02:00:00:00:00:05/security-group-ids",
           "sg-00000001\nsg-00000002");
}

/* cloud-init enters every name that ends in a slash and fetches every other one. */
static void listings_name_directories_with_a_slash(void **state)
{
    (void)state;
    struct metadata_instance i = network_facts_instance();
    const char *top =
        "ami-id\nami-launch-index\nami-manifest-path\nblock-device-mapping/\nhostname\n"
        "instance-action\ninstance-id\ninstance-life-cycle\ninstance-type\nlocal-hostname\n"
        "local-ipv4\nmac\nnetwork/\nplacement/\nprofile\npublic-keys/\nreservation-id\n"
        "security-groups\nservices/";
    expect(&i, "/latest/meta-data/", top);
    expect(&i, "/latest/meta-data", top);
    expect(&i, "/latest", "dynamic\nmeta-data\nuser-data");
    expect(&i, "/latest/", "dynamic\nmeta-data\nuser-data");
    expect(&i, "/latest/meta-data/block-device-mapping/", "ami\nroot");
    expect(&i, "/latest/meta-data/network/interfaces/macs/", "02:00:00:00:00:05/");
    expect(&i, "/latest/dynamic/", "instance-identity/");
    expect(&i, "/latest/dynamic/instance-identity/", "document");
}

/* A listing of key names without '=' breaks cloud-init. */
static void keys_are_listed_by_number_and_name(void **state)
{
    (void)state;
    struct metadata_instance i = network_facts_instance();
    expect(&i, "/latest/meta-data/public-keys/", "0=my key");
    expect(&i, "/latest/meta-data/public-keys/0/", "openssh-key");
    i.key = "";
    expect_status(&i, "/latest/meta-data/public-keys/", 404);
    expect_status(&i, "/latest/meta-data/public-keys/0/openssh-key", 404);
}

/* Whatever a listing names can be fetched: the crawl finds no dead end. */
static void crawl(const struct metadata_instance *i, const char *path, int *leaves)
{
    struct metadata_answer a;
    struct metadata_request r = get(path);
    metadata_answer(&a, i, &r, key, 0);
    assert_int_equal(a.status, 200);
    size_t len = strlen(path);
    char *at = a.body.data;
    while (path[len - 1] == '/' && at != NULL) {
        char *name = strsep(&at, "\n"), below[METADATA_PATH_SIZE];
        char *equals = strchr(name, '=');
        if (equals != NULL)
            memcpy(equals, "/", 2); /* "0=name" is the directory 0 */
        assert_true((size_t)snprintf(below, sizeof below, "%s%s", path, name) < sizeof below);
        crawl(i, below, leaves);
    }
    *leaves += path[len - 1] != '/';
    metadata_answer_fini(&a);
}

static void every_listed_name_is_there(void **state)
{
    (void)state;
    struct metadata_instance i = network_facts_instance();
    int leaves = 0;
    i.tags_len = 2;
    i.tags[0].key = "Name", i.tags[0].value = "web 1";
    i.tags[1].key = "a/b", i.tags[1].value = "not shown";
    i.public_address = "198.51.100.7";
    i.public_hostname = "ec2-198-51-100-7.test-1.compute.example";
    crawl(&i, "/latest/meta-data/", &leaves);
    assert_in_range(leaves, 30, 60);
    expect(&i, "/latest/meta-data/tags/instance/", "Name");
    expect(&i, "/latest/meta-data/tags/instance/Name", "web 1");
    expect(&i, "/latest/meta-data/public-ipv4", "198.51.100.7");
}

static void user_data_is_raw_or_absent(void **state)
{
    (void)state;
    struct metadata_instance i = network_facts_instance();
    struct metadata_answer a;
    struct metadata_request r = get("/latest/user-data");
    metadata_answer(&a, &i, &r, key, 0);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.body.len, i.user_data_len);
    assert_memory_equal(a.body.data, i.user_data, i.user_data_len);
    metadata_answer_fini(&a);
    i.user_data_len = 0;
    expect_status(&i, "/latest/user-data", 404);
    expect(&i, "/latest", "dynamic\nmeta-data");
}

static void the_identity_document_is_json(void **state)
{
    (void)state;
    struct metadata_instance i = network_facts_instance();
    i.type = "t3.\"x\\\n";
    expect(&i, "/latest/dynamic/instance-identity/document",
           "{\n"
           "  \"accountId\" : \"123456789012\",\n"
           "  \"architecture\" : \"x86_64\",\n"
           "  \"availabilityZone\" : \"test-1a\",\n"
           "  \"imageId\" : \"ami-0123456789abcdef0\",\n"
           "  \"instanceId\" : \"i-0123456789abcdef0\",\n"
           "  \"instanceType\" : \"t3.\\\"x\\\\\\u000a\",\n"
           "  \"pendingTime\" : \"2025-11-20T11:33:35Z\",\n"
           "  \"privateIp\" : \"172.31.0.5\",\n"
           "  \"region\" : \"test-1\",\n"
           "  \"billingProducts\" : null,\n"
           "  \"devpayProductCodes\" : null,\n"
           "  \"marketplaceProductCodes\" : null,\n"
           "  \"kernelId\" : null,\n"
           "  \"ramdiskId\" : null,\n"
           "  \"version\" : \"2017-09-30\"\n"
           "}");
}

static void versions_are_those_clients_look_for(void **state)
{
    (void)state;
    struct metadata_instance i = network_facts_instance();
    for (const char **v = (const char *[]){"1.0", "2009-04-04", "2016-09-02", "2018-09-24",
                                           "2021-03-23", "latest", NULL};
         *v != NULL; v++) {
        char path[64];
        snprintf(path, sizeof path, "/%s/meta-data/instance-id", *v);
        expect(&i, path, "i-0123456789abcdef0");
    }
    struct metadata_answer a;
    struct metadata_request r = get("/");
    metadata_answer(&a, &i, &r, key, 0);
    assert_non_null(strstr(buf_str(&a.body), "2009-04-04\n"));
    assert_non_null(strstr(buf_str(&a.body), "\nlatest"));
    metadata_answer_fini(&a);
}

static void unknown_paths_are_not_found(void **state)
{
    (void)state;
    struct metadata_instance i = network_facts_instance();
    for (const char **p =
             (const char *[]){
                 "//", "/x", "/latest//", "/latestx", "/latest/meta-datax", "/latest/meta-data//",
                 "/latest/meta-data/ami", "/latest/meta-data/ami-idx", "/latest/meta-data/ami-id/x",
                 "/latest/meta-data/../user-data", "/latest/meta-data/%61mi-id",
                 "/2009-04-05/meta-data", "/latest/meta-data/iam/security-credentials/",
                 "/latest/meta-data/public-ipv4",
                 "/latest/meta-data/network/interfaces/macs/02:00:00:00:00:06/mac", NULL};
         *p != NULL; p++)
        expect_status(&i, *p, 404);
}

static struct metadata_request put(const char *path, int64_t ttl_s)
{
    struct metadata_request r = get(path);
    r.method = METADATA_PUT;
    r.has_ttl = true;
    r.ttl_s = ttl_s;
    return r;
}

static void issue(char out[METADATA_TOKEN_SIZE], const struct metadata_instance *i, int64_t ttl_s,
                  int64_t now_ms)
{
    struct metadata_answer a;
    struct metadata_request r = put("/latest/api/token", ttl_s);
    metadata_answer(&a, i, &r, key, now_ms);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.token_ttl_s, ttl_s);
    assert_true(str_copy(out, METADATA_TOKEN_SIZE, buf_str(&a.body)));
    metadata_answer_fini(&a);
}

static void tokens_open_and_end(void **state)
{
    (void)state;
    struct metadata_instance i = network_facts_instance();
    struct metadata_request r = get("/latest/meta-data/ami-id");
    i.tokens = METADATA_TOKENS_REQUIRED;
    assert_int_equal(status_of(&i, &r, 1000), 401);
    r.has_token = true;
    issue(r.token, &i, 60, 1000);
    assert_int_equal(status_of(&i, &r, 1000), 200);
    assert_int_equal(status_of(&i, &r, 60999), 200);
    assert_int_equal(status_of(&i, &r, 61000), 401);
}

/* A token is worth nothing at another port, after a restart, or with one bit changed. */
static void tokens_are_bound(void **state)
{
    (void)state;
    struct metadata_instance i = network_facts_instance(), j = i;
    struct metadata_request r = get("/latest/meta-data/ami-id");
    struct metadata_answer a;
    j.instance = "i-0123456789abcdef1";
    r.has_token = true;
    issue(r.token, &i, METADATA_TTL_MAX, 0);
    assert_int_equal(status_of(&i, &r, 0), 200);
    assert_int_equal(status_of(&j, &r, 0), 401);
    metadata_answer(&a, &i, &r, other_key, 0);
    assert_int_equal(a.status, 401);
    metadata_answer_fini(&a);
    for (size_t at = 0; at < strlen(r.token); at++) {
        struct metadata_request changed = r;
        changed.token[at] = r.token[at] == '0' ? '1' : '0';
        assert_int_equal(status_of(&i, &changed, 0), 401);
    }
    r.token[0] = '\0';
    assert_int_equal(status_of(&i, &r, 0), 401);
}

static void token_requests_have_their_rules(void **state)
{
    (void)state;
    struct metadata_instance i = network_facts_instance();
    struct metadata_request r = put("/latest/api/token", METADATA_TTL_MAX);
    assert_int_equal(status_of(&i, &r, 0), 200);
    for (const int64_t *ttl = (const int64_t[]){0, -1, METADATA_TTL_MAX + 1, 1 << 30, 99};
         *ttl != 99; ttl++) {
        r = put("/latest/api/token", *ttl);
        assert_int_equal(status_of(&i, &r, 0), 400);
    }
    r = put("/latest/api/token", 60);
    r.has_ttl = false;
    assert_int_equal(status_of(&i, &r, 0), 400);
    r = put("/latest/api/token", 60);
    r.forwarded = true;
    assert_int_equal(status_of(&i, &r, 0), 403);
    r = put("/2021-03-23/api/token", 60);
    assert_int_equal(status_of(&i, &r, 0), 403);
    r = put("/latest/meta-data/ami-id", 60);
    assert_int_equal(status_of(&i, &r, 0), 405);
    expect_status(&i, "/latest/api/token", 404);
}

static void an_endpoint_that_is_off_answers_nothing(void **state)
{
    (void)state;
    struct metadata_instance i = network_facts_instance();
    struct metadata_request r = put("/latest/api/token", 60);
    i.tokens = METADATA_OFF;
    assert_int_equal(status_of(&i, &r, 0), 403);
    expect_status(&i, "/", 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_say_what_they_should),
        cmocka_unit_test(listings_name_directories_with_a_slash),
        cmocka_unit_test(keys_are_listed_by_number_and_name),
        cmocka_unit_test(every_listed_name_is_there),
        cmocka_unit_test(user_data_is_raw_or_absent),
        cmocka_unit_test(the_identity_document_is_json),
        cmocka_unit_test(versions_are_those_clients_look_for),
        cmocka_unit_test(unknown_paths_are_not_found),
        cmocka_unit_test(tokens_open_and_end),
        cmocka_unit_test(tokens_are_bound),
        cmocka_unit_test(token_requests_have_their_rules),
        cmocka_unit_test(an_endpoint_that_is_off_answers_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
