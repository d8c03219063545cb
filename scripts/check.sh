#!/usr/bin/env bash
# The static checks and the tests of the frontend: everything that needs no server and no window.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step format
cargo fmt --all --check

step "frontend: lint, types, tests, build"
npm --prefix frontend run --silent lint
npm --prefix frontend run --silent typecheck
npm --prefix frontend run --silent test
# Tauri embeds frontend/dist while the shell is compiled, for clippy too.
npm --prefix frontend run --silent build

step clippy
cargo clippy --workspace --all-targets --features custom-protocol -- -D warnings
