/* completion.c - `completion bash|zsh|fish`: a few lines that make the shell ask `__complete`. */
#include "base/str.h"
#include "cli/handlers.h"
#include "cli/output.h"

#include <string.h>

static const struct {
    const char *shell, *text;
} shells[] = {
    {"bash", "# tercet in bash: source <(tercet completion bash)\n"
             "_tercet() {\n"
             "    local IFS=$' \\t\\n' line words cut last\n"
             "    line=${COMP_LINE:0:COMP_POINT}\n"
             "    read -ra words <<<\"$line\"\n"
             "    [[ $line != *[[:space:]] ]] || words+=(\"\")\n"
             "    # What the shell takes for earlier words of its own: = and : divide words.\n"
             "    last=${words[${#words[@]} - 1]} cut=${COMP_WORDS[COMP_CWORD]}\n"
             "    [[ $cut != [=:] ]] || cut=\n"
             "    cut=$((${#last} - ${#cut}))\n"
             "    COMPREPLY=()\n"
             "    while IFS=$'\\t' read -r line _; do\n"
             "        if [[ $line = :files ]]; then\n"
             "            compopt -o filenames\n"
             "            while read -r line; do COMPREPLY+=(\"$line\"); done "
             "< <(compgen -f -- \"$last\")\n"
             "        else\n"
             "            [[ $line != *[=/:] ]] || compopt -o nospace\n"
             "            COMPREPLY+=(\"${line:cut}\")\n"
             "        fi\n"
             "    done < <(tercet __complete -- \"${words[@]:1}\" 2>/dev/null)\n"
             "}\n"
             "complete -F _tercet tercet\n"},
    {"zsh", "#compdef tercet\n"
            "# tercet in zsh: source <(tercet completion zsh), or a file _tercet in $fpath\n"
            "_tercet() {\n"
            "    local line word help files=\n"
            "    local -a found\n"
            "    for line in \"${(@f)$(tercet __complete -- \"${(@Q)words[2,CURRENT]}\" "
            "2>/dev/null)}\"; do\n"
            "        [[ -n $line ]] || continue\n"
            "        word=${line%%$'\\t'*} help=${line#*$'\\t'}\n"
            "        if [[ $word = :files ]]; then\n"
            "            files=yes\n"
            "        else\n"
            "            found+=(\"${word//:/\\\\:}${help:+:$help}\")\n"
            "        fi\n"
            "    done\n"
            "    (( ! $#found )) || _describe -V tercet found\n"
            "    [[ -z $files ]] || _files\n"
            "}\n"
            "(( ! $+functions[compdef] )) || compdef _tercet tercet\n"},
    {"fish", "# tercet in fish: tercet completion fish | source\n"
             "function __tercet_complete\n"
             "    set -l words (commandline -opc) (commandline -ct)\n"
             "    for line in (tercet __complete -- $words[2..] 2>/dev/null)\n"
             "        if test \"$line\" = :files\n"
             "            __fish_complete_path (commandline -ct)\n"
             "        else\n"
             "            echo -- $line\n"
             "        end\n"
             "    end\n"
             "end\n"
             "complete -c tercet -f -a '(__tercet_complete)'\n"},
};

enum cli_exit cli_do_completion(struct cli *cli, struct cli_fault *fault)
{
    const char *shell = cli_line_get(&cli->line, "bash|zsh|fish");
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (str_eq(shells[i].shell, shell))
            return cli_output_bytes(shells[i].text, strlen(shells[i].text), fault);
    cli_fault_set(fault, CLI_USAGE, "completion: '%.60s' is none of bash, zsh and fish", shell);
    return cli_fault_try(fault, "%s", cli->line.command->example);
}
