# Everything a person or a build machine runs. `make run` and `make test` set the machine up by themselves.
.PHONY: run test check fmt deny bench soak bundle

# All builds here use one profile and one set of features, so that the dependencies are compiled once (and checked once, for clippy).
FEATURES := --workspace --features custom-protocol

# Builds both binaries and opens the window; without a display, this computer is watched in the terminal.
run:
	scripts/run.sh

# All of it: static checks, unit and integration tests, and the real window.
test:
	scripts/setup.sh test
	scripts/check.sh
	cargo test $(FEATURES) --no-fail-fast
	cargo build $(FEATURES) --all-targets
	scripts/e2e.sh

# Minutes instead of many: what to run while working.
check:
	scripts/setup.sh check
	scripts/check.sh
	cargo test $(FEATURES) --lib --bins

fmt:
	cargo fmt --all

deny:
	@command -v cargo-deny >/dev/null || { echo "deny: install it once with: cargo install cargo-deny --locked" >&2; exit 1; }
	cargo deny --all-features check

bench:
	scripts/setup.sh bench
	scripts/bench.sh

# A fleet of 300 servers, every 10 s, for ten minutes: no visit may be missed.
soak:
	scripts/setup.sh bench
	scripts/bench.sh soak

# The packages for Debian and Fedora.
bundle:
	scripts/setup.sh run
	cargo build --release --package hostrounds-cli
	npm --prefix frontend exec -- tauri build
