#!/usr/bin/env bash
# Brings a machine that has Rust and Node 20 to the point where Hostrounds builds (`run`, or `headless` for the command line
# alone) or its whole test suite passes (`test`): the one list of system packages, and the one place that installs anything.
set -euo pipefail
cd "$(dirname "$0")/.."

headless_packages=(build-essential pkg-config)
build_packages=("${headless_packages[@]}" libwebkit2gtk-4.1-dev librsvg2-dev libxdo-dev libayatana-appindicator3-dev)
# systemd is here for busctl, with which dunstctl reads its history.
test_packages=(systemd webkit2gtk-driver xvfb xauth dbus dbus-x11 at-spi2-core gnome-keyring libsecret-tools dunst libnotify-bin xdotool
  openssh-server openssh-client openssl sqlite3 dropbear-bin tinysshd busybox fish tcsh zsh fonts-dejavu-core)
bench_packages=(openssh-server openssh-client sqlite3 curl prometheus victoria-metrics rrdtool)
tauri_driver_version=2.1.0

need_command() {
  command -v "$1" >/dev/null 2>&1 && return
  echo "setup: '$1' is missing. $2" >&2
  exit 1
}

install_packages() {
  local missing=() package
  if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "setup: this system has no apt. Install what these Debian packages hold, then run the command again:" >&2
    printf '  %s\n' "$@" >&2
    # A system without apt may well have everything; pkg-config knows whether the libraries are there.
    pkg-config --exists webkit2gtk-4.1 2>/dev/null && return
    exit 1
  fi
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    need_command sudo "Install these packages as root, then run the command again: ${missing[*]}"
    as_root=(sudo)
  fi
  echo "setup: installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q
  # No daemon that a package brings may start by itself: the tests start private ones.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends "${missing[@]}"
}

install_lints() {
  local component
  for component in clippy fmt; do
    cargo "$component" --version >/dev/null 2>&1 && continue
    need_command rustup "Install clippy and rustfmt for your Rust, then run the command again."
    rustup component add clippy rustfmt
  done
}

install_frontend() {
  local stamp=frontend/node_modules/.installed-from
  need_command node "Install Node.js 20 or newer: https://nodejs.org"
  need_command npm "It comes with Node.js: https://nodejs.org"
  cmp -s frontend/package-lock.json "$stamp" && return
  npm --prefix frontend ci --no-audit --no-fund
  cp frontend/package-lock.json "$stamp"
}

install_tauri_driver() {
  local root=target/tools
  [ -x "$root/bin/tauri-driver" ] && return
  cargo install tauri-driver --version "$tauri_driver_version" --locked --root "$root"
}

need_command cargo "Install Rust 1.95 or newer: https://rustup.rs"

case "${1:-}" in
  headless) install_packages "${headless_packages[@]}" ;;
  run) install_packages "${build_packages[@]}"; install_frontend ;;
  check) install_packages "${build_packages[@]}"; install_lints; install_frontend ;;
  test) install_packages "${build_packages[@]}" "${test_packages[@]}"; install_lints; install_frontend; install_tauri_driver ;;
  bench) install_packages "${build_packages[@]}" "${bench_packages[@]}" ;;
  *) echo "usage: scripts/setup.sh headless|run|check|test|bench" >&2; exit 2 ;;
esac
