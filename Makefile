# `make` builds the three programs (host tool, guest init, boot stub) and stages them under
# .build/out as `make install` would place them. scripts/setup installs what this needs.

PREFIX ?= /usr/local
DESTDIR ?=
OUT := .build/out
SWIFT ?= swift
EFI_STUB ?= /usr/lib/systemd/boot/efi/linuxx64.efi.stub

GUEST_BUILD := $(SWIFT) build -c release --product bake-init --scratch-path .build/guest \
	--toolset Sources/bake-init/Toolset.json
HOST_BUILD := $(SWIFT) build -c release --product bake --static-swift-stdlib

.PHONY: all host guest stub stage install test bench format format-check clean

all: stage

host:
	$(HOST_BUILD)

guest:
	$(GUEST_BUILD)

stub:
	mkdir -p .build/stub
	sh Sources/BootStub/build.sh .build/stub/boot-stub.bin

stage: host guest stub
	$(MAKE) --no-print-directory place INTO=$(OUT)

install: all
	$(MAKE) --no-print-directory place INTO=$(DESTDIR)$(PREFIX)

# The parts travel with the command and are found beside it, never fetched.
.PHONY: place
place:
	install -d $(INTO)/bin $(INTO)/lib/bake $(INTO)/share/bake $(INTO)/share/doc/bake \
		$(INTO)/share/bash-completion/completions $(INTO)/share/zsh/site-functions \
		$(INTO)/share/fish/vendor_completions.d $(INTO)/share/man/man1
	install -m 755 -s .build/release/bake $(INTO)/bin/bake
	install -m 755 .build/guest/release/bake-init $(INTO)/lib/bake/bake-init
	install -m 644 .build/stub/boot-stub.bin $(INTO)/lib/bake/boot-stub.bin
	install -m 644 $(EFI_STUB) $(INTO)/lib/bake/linuxx64.efi.stub
	dpkg-query -W -f '$${Version}\n' systemd-boot-efi > $(INTO)/lib/bake/linuxx64.efi.stub.version
	install -m 644 /usr/share/doc/systemd-boot-efi/copyright \
		$(INTO)/share/doc/bake/linuxx64.efi.stub.copyright
	rm -rf $(INTO)/share/bake/defaults-etc
	cp -R defaults-etc $(INTO)/share/bake/defaults-etc
	install -m 644 docs/bake.1 $(INTO)/share/man/man1/bake.1
	$(INTO)/bin/bake --generate-completion-script bash > $(INTO)/share/bash-completion/completions/bake
	$(INTO)/bin/bake --generate-completion-script zsh > $(INTO)/share/zsh/site-functions/_bake
	$(INTO)/bin/bake --generate-completion-script fish > $(INTO)/share/fish/vendor_completions.d/bake.fish

test:
	scripts/test

# Prints numbers, never fails for one: bench/README.md.
bench:
	bench/run

format:
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests

format-check:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests

clean:
	rm -rf .build
