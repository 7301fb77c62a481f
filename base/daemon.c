/* daemon.c - the common command line. */
#include "base/daemon.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

struct line {
    const char *config;
    const char *overrides[DAEMON_OVERRIDES_MAX];
    size_t overrides_len;
    const char *only; /* --check-config and its sisters, or NULL */
};

static void say_help(const struct daemon *d)
{
    printf("usage: %s [--config FILE] [--set section.key=value]... [VERB ...]\n"
           "       %s --check-config | --sample-config | --help | --version\n\n%s\n%s\noptions:\n",
           d->name, d->name, d->summary, d->verbs);
    for (size_t i = 0; i < d->table_len; i++)
        printf("  %s.%s%s%s%s\n      %s\n", d->table[i].section, d->table[i].key,
               d->table[i].otherwise != NULL ? " (" : "",
               d->table[i].otherwise != NULL ? d->table[i].otherwise : "",
               d->table[i].otherwise != NULL ? ")" : "", d->table[i].help);
}

static bool takes_value(const char *arg)
{
    return str_eq(arg, "--config") || str_eq(arg, "--set");
}

static bool is_only(const char *arg)
{
    return str_eq(arg, "--check-config") || str_eq(arg, "--sample-config") ||
           str_eq(arg, "--help") || str_eq(arg, "--version");
}

/* The index of the first word that is no option; -1 = the line is wrong. */
static int read_line(const struct daemon *d, int argc, char **argv, struct line *line)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (takes_value(argv[i]) && i + 1 == argc) {
            fprintf(stderr, "%s: %s wants a value\n", d->name, argv[i]);
            return -1;
        }
        if (str_eq(argv[i], "--config")) {
            line->config = argv[++i];
        } else if (str_eq(argv[i], "--set") && line->overrides_len < DAEMON_OVERRIDES_MAX) {
            line->overrides[line->overrides_len++] = argv[++i];
        } else if (is_only(argv[i])) {
            line->only = argv[i];
        } else {
            fprintf(stderr, "%s: unknown option %s; try --help\n", d->name, argv[i]);
            return -1;
        }
    }
    return i;
}

static enum daemon_next say_sample(const struct daemon *d)
{
    CLEANUP(buf_fini) struct buf sample = {0};
    config_sample(&sample, d->table, d->table_len);
    fputs(buf_str(&sample), stdout);
    return DAEMON_DONE;
}

void daemon_keep_private(void)
{
    const struct rlimit none = {0};
    INV(setrlimit(RLIMIT_CORE, &none) == 0);
    INV(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0); /* a pattern that is a pipe asks for no limit */
}

/* What every daemon reads beside its own. Folders, since files in them are replaced. */
static const struct landlock_path common[] = {
    {"/etc", LANDLOCK_READ},                 /* resolvers, hosts, roots of public certificates */
    {"/run/systemd/resolve", LANDLOCK_READ}, /* where /etc/resolv.conf may lead */
    {"/run/resolvconf", LANDLOCK_READ},
    {"/run/NetworkManager", LANDLOCK_READ},
    {"/usr", LANDLOCK_RUN},                 /* libraries, and programs that it starts */
    {"/proc", LANDLOCK_READ},               /* itself, and this boot's name */
    {"/sys/devices/system", LANDLOCK_READ}, /* processors */
    {"/proc/self/exe", LANDLOCK_RUN},       /* it starts itself for a renewal */
    {"/dev/null", LANDLOCK_WRITE},
    {"/dev/urandom", LANDLOCK_READ},
};
enum { OWN_MAX = 16, COMMON_LEN = sizeof common / sizeof *common };

bool daemon_keep_to(const struct landlock_path *own, size_t len)
{
    struct landlock_path all[COMMON_LEN + OWN_MAX];
    struct err err = {0};
    PRE(len <= OWN_MAX);
    memcpy(all, common, sizeof common);
    memcpy(all + COMMON_LEN, own, len * sizeof *own);
    if (landlock_restrict(all, COMMON_LEN + len, &err) == ERR_OK)
        log_info("daemon.kept_to_its_files", NULL);
    else if (err.code == ERR_UNSUPPORTED)
        log_info("daemon.no_landlock", "why", err.text, NULL);
    else
        log_error("daemon.landlock", "why", err.text, NULL);
    return err.code == ERR_OK || err.code == ERR_UNSUPPORTED;
}

enum daemon_next daemon_options(struct daemon *d, int argc, char **argv)
{
    struct line line = {0};
    struct err err = {0};
    int rest = read_line(d, argc, argv, &line);
    if (rest < 0)
        return DAEMON_FAILED;
    if (line.only != NULL && str_eq(line.only, "--help")) {
        say_help(d);
        return DAEMON_DONE;
    }
    if (line.only != NULL && str_eq(line.only, "--version")) {
        printf("%s %s\n", d->name, TERCET_VERSION);
        return DAEMON_DONE;
    }
    if (line.only != NULL && str_eq(line.only, "--sample-config"))
        return say_sample(d);
    if (config_load(d->options, d->table, d->table_len, line.config, line.overrides,
                    line.overrides_len, &err) != ERR_OK) {
        fprintf(stderr, "%s: %s\n", d->name, err.text);
        return DAEMON_FAILED;
    }
    if (line.only != NULL) {
        printf("%s: the configuration is sound\n", d->name);
        return DAEMON_DONE;
    }
    d->options_len = rest;
    d->verb_argc = argc - rest;
    d->verb_argv = argv + rest;
    log_init(d->name, LOG_INFO);
    daemon_keep_private();
    return DAEMON_GO;
}
