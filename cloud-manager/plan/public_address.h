/* plan/public_address.h - the next step for a public address: who is to have it, whose host may
 * have it still -> one action. Pure and total.
 *
 *   nobody --lent, associated--> wanted by I --GIVE--> held by I
 *   held by I, wanted by J or nobody: I's host was told; its fact (or I's end) makes it held by
 *   nobody, and only then is it given to J, or forgotten.
 *
 * So at no time do two hosts answer for one address. */
#pragma once

#include <stdbool.h>

enum cloud_public_action {
    CLOUD_PUBLIC_WAIT,
    CLOUD_PUBLIC_GIVE,   /* nobody has it: tell the instance that is to */
    CLOUD_PUBLIC_FORGET, /* nobody has it or wants it, and no account keeps it */
};

/* Each text is an instance's id, "" = none; `is_kept`: an account has allocated it. */
enum cloud_public_action cloud_plan_public(const char *want, const char *held, bool is_kept);
