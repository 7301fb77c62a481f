/* main_verbs.h - what tercet-dos does besides running: joins a cloud, renews its certificate, and
 * takes keys and wishes by hand where there is no cloud. Called by main alone. */
#pragma once

#include "dos/options.h"
#include "proto/auth/seal.h"
#include "proto/http/enroll.h"

#include "base/store.h"

extern const char dos_verbs_help[];

/* The exit status of the program. */
int dos_verb_run(const struct dos_options *o, int argc, char **argv);

/* Shared with main: paths below the data folder, the index, the key that secrets are sealed with
 * (the link's, or without a cloud one of our own). */
void dos_path_in(char out[ENROLL_PATH_SIZE], const struct dos_options *o, const char *name);
enum err_code dos_open_store(struct store **store, const struct dos_options *o, struct err *err);
enum err_code dos_open_identity(struct enroll_identity *id, struct seal_key *key,
                                const struct dos_options *o, struct err *err);
