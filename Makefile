# What to type: `make help`. Cargo builds the library; this file does what cargo does not.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR ?=

# Cargo.toml and src/abi.rs have the only copies of these.
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
URL := $(shell sed -n 's/^repository = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
ABI := $(shell sed -n 's/.*NUMBER: u32 = \([0-9]*\);.*/\1/p' src/abi.rs)

# One profile and one directory for everything, so that wasmtime is compiled once.
OUT := $(or $(CARGO_TARGET_DIR),target)/release
SONAME := libwasmcell.so.$(ABI)
BENCH := $(OUT:/release=)/bench
PEERS := $(OUT:/release=)/peers

# What a program that links libwasmcell.a needs besides, as said by
# `cargo rustc --release --lib --crate-type staticlib -- --print native-static-libs`.
# tests/install.sh links a program with it.
LIBS_PRIVATE := -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc

##@ Begin here

demo: ## Build the library and a C program, run a component with it
	@.ci/deps demo
	@$(MAKE) --no-print-directory lib
	@echo "== compiling examples-c/demo.c against include/wasmcell.h and $(OUT)/libwasmcell.so"
	@$(MAKE) --no-print-directory -C examples-c demo LIB=$(abspath $(OUT))
	@echo "== running it"
	@cd examples-c && $(abspath $(OUT))/examples-c/demo

test: ## Run every test
	@.ci/deps test
	@$(MAKE) --no-print-directory lib
	@LIB=$(abspath $(OUT)) tests/all.sh

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

##@ Building

deps: ## Install what the build and the tests lack, or name it
	@.ci/deps test

lib: ## Build libwasmcell.so and libwasmcell.a (target/release)
	@if [ ! -e $(OUT)/libwasmcell.so ]; then \
	  echo "== building libwasmcell: the first time cargo compiles wasmtime too," \
	    "about ten minutes on two cores"; \
	else echo "== building libwasmcell"; fi
	@$(CARGO) build --release --locked
	@ln -sf libwasmcell.so $(OUT)/$(SONAME)

install: lib ## Install library, headers, pkg-config and CMake files (PREFIX, DESTDIR, LIBDIR)
	install -d '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(LIBDIR)/cmake/wasmcell' \
	  '$(DESTDIR)$(INCLUDEDIR)/wasmcell'
	install -m 644 include/wasmcell.h bindings/cpp/include/wasmcell.hpp '$(DESTDIR)$(INCLUDEDIR)'
	install -m 644 bindings/cpp/include/wasmcell/*.hpp '$(DESTDIR)$(INCLUDEDIR)/wasmcell'
	install -m 755 $(OUT)/libwasmcell.so '$(DESTDIR)$(LIBDIR)/libwasmcell.so.$(VERSION)'
	ln -sf libwasmcell.so.$(VERSION) '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	ln -sf $(SONAME) '$(DESTDIR)$(LIBDIR)/libwasmcell.so'
	install -m 644 $(OUT)/libwasmcell.a '$(DESTDIR)$(LIBDIR)'
	$(fill) packaging/wasmcell.pc.in > '$(DESTDIR)$(LIBDIR)/pkgconfig/wasmcell.pc'
	$(fill) packaging/wasmcell-config.cmake.in \
	  > '$(DESTDIR)$(LIBDIR)/cmake/wasmcell/wasmcell-config.cmake'
	$(fill) packaging/wasmcell-config-version.cmake.in \
	  > '$(DESTDIR)$(LIBDIR)/cmake/wasmcell/wasmcell-config-version.cmake'

uninstall: ## Remove what install put there
	rm -f '$(DESTDIR)$(INCLUDEDIR)/wasmcell.h' '$(DESTDIR)$(INCLUDEDIR)/wasmcell.hpp' \
	  '$(DESTDIR)$(LIBDIR)/libwasmcell.so.$(VERSION)' \
	  '$(DESTDIR)$(LIBDIR)/$(SONAME)' '$(DESTDIR)$(LIBDIR)/libwasmcell.so' \
	  '$(DESTDIR)$(LIBDIR)/libwasmcell.a' '$(DESTDIR)$(LIBDIR)/pkgconfig/wasmcell.pc'
	rm -rf '$(DESTDIR)$(LIBDIR)/cmake/wasmcell' '$(DESTDIR)$(INCLUDEDIR)/wasmcell'

# The include directory as seen from the CMake file, so that an installed tree can be moved.
fill = sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
  -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|g' -e 's|@ABI@|$(ABI)|g' \
  -e 's|@URL@|$(URL)|' -e 's|@LIBS_PRIVATE@|$(LIBS_PRIVATE)|' \
  -e "s|@RELATIVE_INCLUDEDIR@|$$(realpath -m --relative-to='$(LIBDIR)' '$(INCLUDEDIR)')|"

clean: ## Remove everything that was built
	$(CARGO) clean

##@ Working on wasmcell

examples: lib ## Compile and run examples-c, compare with examples-c/expected
	@$(MAKE) --no-print-directory -C examples-c check LIB=$(abspath $(OUT))

hosts: ## Build and run the modules for nginx, PostgreSQL and SQLite (HOSTS="nginx sqlite")
	@.ci/deps hosts
	@$(MAKE) --no-print-directory lib
	@tests/hosts/run.sh $(OUT) $(HOSTS)

test-core: ## Unit tests, and tests of the core as a Rust crate: no C, no servers
	@$(CARGO) test --release --locked --lib --test core --test host --test sandbox --test embedding

test-install: lib ## Install into a scratch folder, and build programs from there
	@.ci/deps test
	@tests/install.sh

sanitize: lib ## The C tests under AddressSanitizer, UBSan and Valgrind
	@.ci/deps test
	@$(CARGO) test --release --locked --test c -- sanit valgrind

miri: ## The boundary helpers and callbacks under Miri (nightly Rust with Miri)
	@tests/miri.sh

tsan: ## A stress test under ThreadSanitizer (nightly Rust; compiles wasmtime once more)
	@tests/tsan.sh

slim: ## The library without its optional parts: builds it, and tests what it says then
	@tests/slim.sh

fuzz: ## Random values and hostile guests under libFuzzer and AddressSanitizer (FOR=120, seconds)
	@tests/fuzz/run.sh $(FOR)

# A C program of its own, outside `make test`.
program = mkdir -p $(OUT)/programs && $(CC) -std=c11 -O2 -g -Wall -Wextra -pthread -D_GNU_SOURCE= \
  -Iinclude -Itests/c $(1) -o $(2) -L$(OUT) -lwasmcell -Wl,-rpath,$(abspath $(OUT)) && $(2)

soak: lib ## A million calls, 100,000 of each object: memory and descriptors stay flat
	@$(call program,tests/soak.c,$(OUT)/programs/soak)

lateness: lib ## How late time limits and cancellations are, as distributions
	@$(call program,tests/bench/lateness.c,$(OUT)/programs/lateness)

bench: bench-peers ## All that is measured, beside peers (at first half an hour, later five minutes)
	@$(OUT)/compare $(OUT) $(BENCH) $(WORKS)

bench-quick: bench-programs ## Only beside wasmtime in Rust, half a minute (WORKS="add ask")
	@$(OUT)/compare $(OUT) $(BENCH) --quick $(WORKS)

bench-readme: ## Put what `make bench` found into tests/bench/README.md, a few rows into README.md
	@$(OUT)/compare --paste $(BENCH)/results.md tests/bench/README.md README.md
	@cp $(BENCH)/results.svg tests/bench/results.svg

bench-pool: bench-programs ## Try settings of the pool (SETTINGS="scan=1 batch=8,memory=0")
	@$(OUT)/sweep tests/bench tests/guests $(SETTINGS)

bench_cc = $(CC) -std=c11 -O2 -g -Wall -Wextra -pthread -D_GNU_SOURCE= -Itests/bench

bench-programs: lib
	@$(CARGO) build --release --locked -p bench
	@mkdir -p $(BENCH)
	@$(bench_cc) tests/bench/wasmcell.c -o $(BENCH)/wasmcell -Iinclude -L$(OUT) -lwasmcell \
	  -Wl,-rpath,$(abspath $(OUT))

# Two more wasmtimes: one with a C API, one inside Extism.
bench-peers: bench-programs
	@.ci/deps test
	@$(CARGO) build --release --locked --manifest-path tests/bench/peers/Cargo.toml \
	  --target-dir $(PEERS)
	@cp $(PEERS)/release/extism-peer $(BENCH)/extism
	@$(bench_cc) tests/bench/peers/wasmtime.c -o $(BENCH)/wasmtime \
	  -I"$$(ls -dt $(PEERS)/release/build/wasmtime-c-api-impl-*/out/include | head -n 1)" \
	  -L$(PEERS)/release -lcapi -Wl,-rpath,$(abspath $(PEERS))/release
	@printf 'Name: wasmcell\nDescription: .\nVersion: $(VERSION)\nCflags: %s\nLibs: %s\n' \
	  '-I$(abspath include)' '-L$(abspath $(OUT)) -lwasmcell' > $(BENCH)/wasmcell.pc
	@if command -v go > /dev/null; then mkdir -p $(BENCH)/go && cd tests/bench/go && \
	  PKG_CONFIG_PATH=$(abspath $(BENCH)) CGO_LDFLAGS=-Wl,-rpath,$(abspath $(OUT)) \
	  go build -o $(abspath $(BENCH))/go/ ./...; fi

bless: lib ## Rewrite header, ABI goldens and expected outputs; read the diff afterwards
	@RUNTIME_BLESS=1 $(CARGO) test --release --locked --test abi
	@$(MAKE) --no-print-directory lib
	@$(MAKE) --no-print-directory -C examples-c bless LIB=$(abspath $(OUT))
	@git status --short include tests/abi examples-c/expected

guests: ## Rebuild the committed test components (Debian, root, 1.3 GB of tools in /tmp)
	@tests/guests/build.sh

large: lib ## Build and run components in Python and JavaScript (pip, npm, 400 MB of tools)
	@tests/guests/large/build.sh $(OUT)/large $(OUT)

# For tests/install.sh.
print-%:
	@echo '$($*)'

.PHONY: demo test help deps lib install uninstall clean examples hosts slim test-core test-install \
  sanitize miri tsan fuzz soak lateness bless guests large bench bench-quick bench-readme bench-pool \
  bench-programs bench-peers
