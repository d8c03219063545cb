#!/usr/bin/env bash
# Inside the private session of e2e.sh: starts the daemons of a desktop, runs the tests, and stops what it started.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

daemons=()
stop_daemons() { [ ${#daemons[@]} -eq 0 ] || kill "${daemons[@]}" 2>/dev/null || true; }
trap stop_daemons EXIT

on_the_bus() {
  dbus-send --session --print-reply --dest=org.freedesktop.DBus /org/freedesktop/DBus \
    org.freedesktop.DBus.NameHasOwner "string:$1" 2>/dev/null | grep -q 'boolean true'
}

wait_for_name() {
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    on_the_bus "$1" && return
    sleep 0.1
  done
  echo "e2e: nothing took the name $1 on the session bus; see the lines above." >&2
  exit 1
}

gnome-keyring-daemon --unlock --components=secrets --foreground <<<"a password for this run" >/dev/null &
daemons+=($!)
dunst -conf "$root/frontend/e2e/dunstrc" &
daemons+=($!)
wait_for_name org.freedesktop.secrets
wait_for_name org.freedesktop.Notifications

cd "$root/frontend"
node_modules/.bin/vitest run --config e2e/vitest.config.ts "$@"
