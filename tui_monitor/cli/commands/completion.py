"""`completion bash|zsh|fish`: the shell's script, which asks `completion words` for the candidates at each Tab."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from itertools import pairwise

from tui_monitor.cli.completion_words import candidates
from tui_monitor.cli.language import words_of_person

SHELLS = ("bash", "zsh", "fish")
_BASH = r"""# tui-monitor: completion for bash. To use it: source <(tui-monitor completion bash)
_tui_monitor() {
    local found line IFS=$'\n'
    COMPREPLY=()
    found=$(tui-monitor completion words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
    if [[ $found == :files* ]]; then
        compopt -o default
        return
    fi
    local lines=($found)
    for line in "${lines[@]}"; do
        if (( ${#lines[@]} > 1 && COMP_TYPE != 37 )) && [[ $line == *$'\t'?* ]]; then
            COMPREPLY+=("${line%%$'\t'*}  (${line#*$'\t'})")
        else
            COMPREPLY+=("${line%%$'\t'*}")
        fi
    done
}
complete -F _tui_monitor tui-monitor
"""
_ZSH = r"""#compdef tui-monitor
# tui-monitor: completion for zsh. To use it: source <(tui-monitor completion zsh), or save it as _tui-monitor in a directory of $fpath.
_tui_monitor() {
    local -a lines described
    local line
    lines=("${(@f)$(tui-monitor completion words "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ $lines[1] == :files* ]]; then
        _files
        return
    fi
    for line in $lines; do
        described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    _describe -V tui-monitor described
}
if [[ $funcstack[1] == _tui-monitor ]]; then
    _tui_monitor "$@"
else
    compdef _tui_monitor tui-monitor
fi
"""
_FISH = r"""# tui-monitor: completion for fish. To use it: tui-monitor completion fish > ~/.config/fish/completions/tui-monitor.fish
function __tui_monitor_words
    set -l typed (commandline -opc)
    set -l found (tui-monitor completion words $typed[2..-1] (commandline -ct) 2>/dev/null)
    if string match -q ':files*' -- $found[1]
        __fish_complete_path (commandline -ct)
    else
        string join \n -- $found
    end
end
complete -c tui-monitor -f -a '(__tui_monitor_words)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `completion`."""
    parser.add_argument("shell", choices=SHELLS, metavar="bash|zsh|fish")


def run(given: Namespace) -> int:
    """Exit code: 0."""
    print(SCRIPTS[given.shell], end="")
    return 0


def run_words(words: Sequence[str], parser: ArgumentParser) -> int:
    """`completion words WORD ...`, which the scripts ask: the words up to the cursor, unread by argparse, for they may be unfinished."""
    paths = dict(pairwise(words))
    given = Namespace(config=paths.get("--config"), state=paths.get("--state"))
    say = words_of_person(sys.stdout).say
    for word, about in candidates(parser, words, given):
        print(f"{word}\t{say(about)}")
    return 0
