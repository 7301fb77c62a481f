/* kin.h - what an image has in common with others is not fetched again: chunks that stand in a base
 * which is here are copied out of it. */
#pragma once

#include "computer-manager/effect/assembly.h"

/* Looks through the manifests beside the other bases. Nothing that goes wrong matters: what is
 * still missing then is fetched. */
void host_kin_copy(struct assembly *a);
