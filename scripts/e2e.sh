#!/usr/bin/env bash
# The real application under WebDriver, as if on a desktop of its own: home and XDG folders, session bus, display, keyring and
# notification daemon are private to the run and end with it. Arguments go to vitest (a file, or -t and a name).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

export HOSTROUNDS_APP=${HOSTROUNDS_APP:-$root/target/debug/hostrounds-desktop}
export HOSTROUNDS_TESTBED=${HOSTROUNDS_TESTBED:-$root/target/debug/hostrounds-testbed}
export HOSTROUNDS_SCREENSHOTS=$root/target/screenshots
export TAURI_DRIVER=${TAURI_DRIVER:-$root/target/tools/bin/tauri-driver}
for program in "$HOSTROUNDS_APP" "$HOSTROUNDS_TESTBED" "$TAURI_DRIVER"; do
  [ -x "$program" ] && continue
  echo "e2e: $program is missing; run 'make test', which builds it." >&2
  exit 1
done

desk=$(mktemp -d)
trap 'rm -rf "$desk"' EXIT
mkdir -p "$HOSTROUNDS_SCREENSHOTS" "$desk"/{home,config,data,cache,state}
mkdir -m 700 "$desk/runtime"

# No agent and no desktop of the person who runs this; the language is the one that webviews stumble over.
unset SSH_AUTH_SOCK SSH_AGENT_PID WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS
export HOME=$desk/home XDG_CONFIG_HOME=$desk/config XDG_DATA_HOME=$desk/data XDG_CACHE_HOME=$desk/cache
export XDG_STATE_HOME=$desk/state XDG_RUNTIME_DIR=$desk/runtime XDG_CURRENT_DESKTOP= LANG=C.UTF-8 LC_ALL=C.UTF-8
export GDK_BACKEND=x11 GSK_RENDERER=cairo LIBGL_ALWAYS_SOFTWARE=1

dbus-run-session -- xvfb-run -a -s "-screen 0 1280x800x24" "$root/scripts/e2e-desk.sh" "$@"
