/* Ids have EC2's shape, and the same seed gives the same ones (I22). */
#include "tests/unit/unit.h"

#include "base/id.h"

#include <string.h>

static const int64_t NOW_S = 1763632415;

static void a_new_id_has_its_own_shape(void **state)
{
    (void)state;
    struct rng_seeded seed = {.state = 1};
    struct rng rng = rng_seeded(&seed);
    static const char *const prefixes[] = {"i", "vol", "eni-attach", "ami", "r"};
    char id[ID_SIZE], before[ID_SIZE] = "";
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        id_new(id, prefixes[i], &rng);
        assert_true(id_is(id, prefixes[i]));
        assert_int_equal(strlen(id), strlen(prefixes[i]) + 18);
        assert_string_not_equal(strrchr(id, '-'), before);
        memcpy(before, strrchr(id, '-'), strlen(strrchr(id, '-')) + 1);
    }
}

static void other_shapes_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "i",
                                        "i-",
                                        "i-0123456789abcdef",
                                        "i-0123456789abcdef01",
                                        "i-1234567",
                                        "i-123456789",
                                        "i-0123456789ABCDEF0",
                                        "j-12345678",
                                        "i-12345678 ",
                                        "i-1234567g",
                                        "ii-12345678",
                                        "i12345678",
                                        "-12345678"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (id_is(wrong[i], "i"))
            fail_msg("'%s' was taken", wrong[i]);
    assert_true(id_is("i-12345678", "i")); /* the old, short form */
    assert_true(id_is("i-0123456789abcdef0", "i"));
}

static void uuids_say_version_4(void **state)
{
    (void)state;
    struct rng_seeded seed = {.state = 5};
    struct rng rng = rng_seeded(&seed);
    for (int i = 0; i < 100; i++) {
        char uuid[ID_UUID_SIZE];
        id_uuid(uuid, &rng);
        assert_int_equal(strlen(uuid), 36);
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
        assert_true(uuid[8] == '-' && uuid[13] == '-' && uuid[18] == '-' && uuid[23] == '-');
    }
}

static void the_same_seed_gives_the_same_ids(void **state)
{
    (void)state;
    struct rng_seeded one = {.state = 9}, two = {.state = 9};
    struct rng a = rng_seeded(&one), b = rng_seeded(&two);
    char left[ID_SIZE], right[ID_SIZE];
    id_new(left, "i", &a);
    id_new(right, "i", &b);
    assert_string_equal(left, right);
    id_new(right, "i", &b);
    assert_string_not_equal(left, right);
}

/* What is made later sorts later, until the digits come round. */
static void ids_of_a_time_lie_together(void **state)
{
    (void)state;
    struct rng_seeded seed = {.state = 3};
    struct rng rng = rng_seeded(&seed);
    char before[ID_SIZE] = "", id[ID_SIZE];
    for (int64_t second = 0; second < 100; second++) {
        id_new_at(id, "vol", (NOW_S + second) * 1000 + 999 - second, 0xffff - (uint64_t)second,
                  &rng);
        assert_true(strcmp(before, id) < 0);
        memcpy(before, id, sizeof id);
    }
    id_new_at(id, "vol", (NOW_S + 99 + (1 << 20)) * 1000, 0xffff - 99, &rng);
    assert_memory_equal(id, before, strlen("vol-") + ID_DIGITS_OF_TIME + ID_DIGITS_OF_NUMBER);
    assert_string_not_equal(id, before);
    id_new_at(id, "vol", 0, 0, &rng); /* a clock that was never set */
    assert_true(id_is(id, "vol"));
}

/* Within a second they sort as they were made; the number may have grown beyond its digits. */
static void ids_of_a_second_lie_in_their_order(void **state)
{
    (void)state;
    struct rng_seeded seed = {.state = 4};
    struct rng rng = rng_seeded(&seed);
    char before[ID_SIZE] = "", id[ID_SIZE];
    for (uint64_t number = 0x70000; number < 0x7ffff; number += 0x101) {
        id_new_at(id, "i", NOW_S * 1000, number, &rng);
        assert_true(strcmp(before, id) < 0);
        assert_true(id_is(id, "i"));
        memcpy(before, id, sizeof id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_id_has_its_own_shape),
        cmocka_unit_test(other_shapes_are_refused),
        cmocka_unit_test(uuids_say_version_4),
        cmocka_unit_test(the_same_seed_gives_the_same_ids),
        cmocka_unit_test(ids_of_a_time_lie_together),
        cmocka_unit_test(ids_of_a_second_lie_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
