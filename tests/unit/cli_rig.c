/* cli_rig.c - see cli_rig.h. */
#include "tests/unit/cli_rig.h"

#include "base/buf.h"
#include "base/check.h"
#include "cli/request.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 64 };

enum cli_exit rig_parse(struct cli_line *line, struct arena *arena, const char *words,
                        struct cli_fault *fault)
{
    char **argv = arena_alloc(arena, (WORDS_MAX + 1) * sizeof *argv);
    int argc = 0;
    argv[argc++] = arena_strdup(arena, "tercet");
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        char *word = arena_strndup(arena, words, len);
        for (char *at = word; (at = strchr(at, '~')) != NULL;)
            *at = ' ';
        assert_true(argc < WORDS_MAX);
        argv[argc++] = word;
        words += len + (words[len] == ' ');
    }
    return cli_line_parse(line, argc, argv, arena, fault);
}

const char *rig_params(struct arena *arena, const char *words)
{
    CLEANUP(buf_fini) struct buf out = {0};
    struct cli_params params = {.arena = arena};
    struct cli_line line;
    struct cli_fault fault = {0};
    if (rig_parse(&line, arena, words, &fault) != CLI_OK ||
        cli_request_build(&line, &params, &fault) != CLI_OK)
        fail_msg("%s: %s", words, fault.what);
    cli_params_encode(&params, &out);
    char *text = arena_strdup(arena, buf_str(&out));
    for (char *at = text; (at = strchr(at, '&')) != NULL;)
        *at = ' ';
    return text;
}

const char *rig_read(struct arena *arena, const char *path)
{
    CLEANUP(buf_fini) struct buf text = {0};
    char piece[4096];
    size_t got;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        fail_msg("%s is not there", path);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        buf_append(&text, piece, got);
    fclose(file);
    return arena_strdup(arena, buf_str(&text));
}
