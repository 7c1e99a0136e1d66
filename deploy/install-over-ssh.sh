#!/bin/sh
# Installs this checkout for your user on other hosts and starts it there: no root, no port. Needs ssh, and Python 3.11 with venv on each host.
#     deploy/install-over-ssh.sh web-1 web-2 kim@db-1
# Then: tui-monitor --hosts web-1,web-2,kim@db-1. As a service of the system instead: docs/service.md.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { echo "usage: $0 HOST ...   (what one types after ssh)" >&2; exit 64; }
failed=""
for host in "$@"; do
    echo "-- $host"
    tar c --exclude=__pycache__ --exclude=.venv --exclude=.git --exclude=tests --exclude=build . | ssh -- "$host" '
        set -eu
        here="$HOME/.local/share/tui-monitor-program"
        mkdir -p "$here" "$HOME/.local/bin"
        cd "$here"
        tar x
        [ -x .venv/bin/pip ] || python3 -m venv .venv
        .venv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
        .venv/bin/pip install -q --disable-pip-version-check --no-deps .
        ln -sf "$here/.venv/bin/tui-monitor" "$HOME/.local/bin/tui-monitor"
        "$HOME/.local/bin/tui-monitor" --version
        if command -v systemd-run >/dev/null && systemd-run --user --quiet --collect --unit tui-monitor -p Restart=on-failure \
            "$HOME/.local/bin/tui-monitor" --headless 2>/dev/null; then
            loginctl enable-linger 2>/dev/null || true
        else
            setsid "$HOME/.local/bin/tui-monitor" --headless </dev/null >/dev/null 2>&1 &
        fi
    ' || failed="$failed $host"
done
[ -z "$failed" ] || { echo "not installed:$failed" >&2; exit 1; }
