#!/usr/bin/env bash
# Measures the goals of speed and thrift against OpenSSH and plain SQLite on this machine, and prints one table. Nothing fails
# when a goal is missed. The machine should have nothing else to do meanwhile. With `soak [MINUTES]`, a fleet of 300 servers is watched
# instead.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --package hostrounds-bench
exec target/release/hostrounds-bench "$@"
