#!/usr/bin/env bash
# Opens the window, or watches this computer in the terminal where there is no display. PROFILE=release builds with all
# optimisations; without it the build is the one that the tests use, which is there much sooner.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${PROFILE:-dev}
case "$profile" in
  dev) built=target/debug ;;
  *) built=target/$profile ;;
esac

if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ "$(uname)" = Linux ]; then
  echo "run: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set), so this computer is watched here instead of in the window."
  scripts/setup.sh headless
  cargo build --profile "$profile" --package hostrounds-cli
  exec "$built/hostrounds" watch
fi

scripts/setup.sh run
npm --prefix frontend run --silent build
cargo build --profile "$profile" --package hostrounds-desktop --package hostrounds-cli --features custom-protocol
exec "$built/hostrounds-desktop"
