/* record.c - the record table. */
#include "computer-manager/store/record.h"

#include "base/check.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>

void host_record_key(char out[HOST_KEY_SIZE], const char *id, int64_t pepoch)
{
    snprintf(out, HOST_KEY_SIZE, "%.23s/%" PRId64, id, pepoch);
}

void host_record_save(struct store *st, const struct host_record *r)
{
    store_run(st,
              "INSERT INTO record VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
              " ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28) ON "
              "CONFLICT DO UPDATE SET generation=?3, want=?4, reboot_n=?5, wished_ms=?6,"
              " has_root=?7, is_root_made=?8, has_port=?9,"
              " port=?10, vni=?11, tap=?12, port_sum=?13, reboot_done=?14, stop_ms=?15,"
              " ever_ran=?16, ran_generation=?17, why=?18, why_generation=?19, crashes=?20,"
              " crash_ms=?21, is_refused=?22, text=?23, profile=?24, status=?25,"
              " run_ms=?26, is_console_told=?27, public_address=?28",
              "siiiiiiiisisiiiiiiiiiisiiiii", r->id, r->pepoch, r->generation, (int64_t)r->want,
              r->reboot_n, r->wished_ms, (int64_t)r->has_root, (int64_t)r->is_root_made,
              (int64_t)r->has_port, r->port, r->vni, r->tap, (int64_t)r->port_sum, r->reboot_done,
              r->stop_ms, (int64_t)r->ever_ran, r->ran_generation, (int64_t)r->why,
              r->why_generation, r->crashes, r->crash_ms, (int64_t)r->is_refused, r->text,
              r->profile, (int64_t)r->status, r->run_ms, (int64_t)r->is_console_told,
              (int64_t)r->public_address);
}

void host_record_delete(struct store *st, const struct host_record *r)
{
    store_run(st, "DELETE FROM record WHERE id=? AND pepoch=?", "si", r->id, r->pepoch);
}

static struct host_record *load(const struct query *q)
{
    struct host_record *r = check_alloc(sizeof *r);
    str_copy(r->id, sizeof r->id, query_text(q, 0));
    r->pepoch = query_i64(q, 1);
    r->generation = query_i64(q, 2);
    r->want = (enum host_want)query_i64(q, 3);
    r->reboot_n = query_i64(q, 4);
    r->wished_ms = query_i64(q, 5);
    r->has_root = query_i64(q, 6) != 0;
    r->is_root_made = query_i64(q, 7) != 0;
    r->has_port = query_i64(q, 8) != 0;
    str_copy(r->port, sizeof r->port, query_text(q, 9));
    r->vni = query_i64(q, 10);
    str_copy(r->tap, sizeof r->tap, query_text(q, 11));
    r->port_sum = (uint64_t)query_i64(q, 12);
    r->reboot_done = query_i64(q, 13);
    r->stop_ms = query_i64(q, 14);
    r->ever_ran = query_i64(q, 15) != 0;
    r->ran_generation = query_i64(q, 16);
    r->why = (enum off_why)query_i64(q, 17);
    r->why_generation = query_i64(q, 18);
    r->crashes = query_i64(q, 19);
    r->crash_ms = query_i64(q, 20);
    r->is_refused = query_i64(q, 21) != 0;
    str_copy(r->text, sizeof r->text, query_text(q, 22));
    r->profile = query_i64(q, 23);
    r->status = (enum guest_status)query_i64(q, 24);
    r->run_ms = query_i64(q, 25);
    r->is_console_told = query_i64(q, 26) != 0;
    r->public_address = (uint32_t)query_i64(q, 27);
    r->answered_ms = -1;
    return r;
}

void host_record_load_all(struct store *st, void (*take)(void *self, struct host_record *r),
                          void *self)
{
    struct query q;
    STORE_EACH (st, q,
                "SELECT id, pepoch, generation, want, reboot_n, wished_ms, has_root,"
                " is_root_made, has_port, port, vni, tap, port_sum,"
                " reboot_done, stop_ms, ever_ran, ran_generation, why, why_generation,"
                " crashes, crash_ms, is_refused, text, profile, status, run_ms, is_console_told, "
                "public_address "
                "FROM record ORDER "
                "BY id, pepoch",
                "")
        take(self, load(&q));
}
