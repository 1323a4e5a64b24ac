# Two commands to get going: `make run` and `make test`. Each brings what a fresh machine needs (tools/setup says what).
CARGO ?= cargo
NPM ?= npm
NODE ?= node

.PHONY: run test lint bench bench-table bench-page bench-load fuzz assets replay clean

run: assets
	tools/setup run
	$(CARGO) run --profile quick --bin podyard -- serve

# Looked at as it is built by default, tried with everything in it.
test: assets
	tools/setup test
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps --document-private-items
	$(NPM) run check
	$(NPM) test
	$(CARGO) test --workspace --features podyard/oidc --no-fail-fast

lint: assets
	$(CARGO) fmt --all
	$(CARGO) clippy --workspace --all-targets --features podyard/oidc -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --features podyard/oidc --no-deps --document-private-items

bench:
	$(CARGO) bench --workspace

# A minute each of requests and of bytes that make little sense.
fuzz:
	PODYARD_FUZZ_SECONDS=60 $(CARGO) test -p podyard-cluster --lib -- every_request_is_answered no_bytes_break_the_decoder
	PODYARD_FUZZ_SECONDS=60 $(CARGO) test -p podyard-kubectl --lib -- every_command_line_ends

# How quick the page stays under a flood of logs and of changing Pods, in Chromium.
bench-page: assets
	$(CARGO) build --release --bin podyard
	$(NODE) benches/page.mjs target/release/podyard

# Measures the API and writes the table in README.md anew.
bench-table:
	$(CARGO) bench -p podyard-cluster --bench api
	$(NODE) tools/bench-table.mjs

# Hundreds of learners in one workshop on this machine, for half an hour; writes the table in README.md anew.
# LEARNERS=50 has only so many at once; DATABASES=sqlite leaves PostgreSQL out; MINUTES=1 hurries, a minute of clicks each.
LEARNERS ?= 50,100,200,500
DATABASES ?= sqlite,postgresql
MINUTES ?=
bench-load: assets
	tools/setup test
	PODYARD_LOAD=$(LEARNERS) PODYARD_LOAD_DATABASES=$(DATABASES) PODYARD_LOAD_MINUTES=$(MINUTES) \
		$(CARGO) test --profile quick -p podyard --test it load:: -- --nocapture
	$(NODE) tools/bench-table.mjs load

# The scripts and styles that pages load. Made again when a source is newer than what was made of it.
assets: static/vendor/.stamp

static/vendor/.stamp: package.json package-lock.json $(shell find static -path static/vendor -prune -o -type f -print 2>/dev/null)
	$(NPM) ci --no-audit --no-fund
	$(NPM) run build
	@mkdir -p static/vendor && touch $@

clean:
	$(CARGO) clean
	rm -rf node_modules static/vendor
