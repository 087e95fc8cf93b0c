# kdiag: everything is built into build/ (or BUILD=…). `make help` lists the targets.
# SPDX-License-Identifier: Apache-2.0

VERSION  := 0.1.0
BUILD    ?= build
PREFIX   ?= /usr
DESTDIR  ?=
CC       ?= cc
AR       ?= ar
PKGS     := libcurl openssl jansson libevent libevent_pthreads yaml-0.1 expat sqlite3

ifeq ($(origin CC),default)
CC := cc
endif

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla
OPT      ?= -O2
ifeq ($(SANITIZE),1)
HARDEN   := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDHARDEN := -fsanitize=address,undefined
else
HARDEN   := -D_FORTIFY_SOURCE=2 -fstack-protector-strong
LDHARDEN := -Wl,-z,relro,-z,now
endif
CFLAGS   ?= -g
PKGFLAGS  = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKGLIBS   = $(shell pkg-config --libs $(PKGS) 2>/dev/null)
ALLFLAGS  = -std=c11 -D_GNU_SOURCE $(OPT) $(WARN) $(WERROR) $(HARDEN) $(CFLAGS) -I. -Icommon -pthread \
            -DKDIAG_VERSION='"$(VERSION)"' -DKDIAG_PROBES='"$(PREFIX)/lib/kdiag/probes"' $(PKGFLAGS)
LINK      = $(CC) $(ALLFLAGS) -fPIE -pie $(LDHARDEN) $(LDFLAGS)
LIBS      = $(PKGLIBS) -ldl -lm -pthread

# ---- what is made of what: a new source file in its room needs no line here ----

COMMON   := $(wildcard common/*.c)
AWS      := $(wildcard daemon/aws/*.c)
DAEMON   := $(filter-out daemon/kdiagd.c,$(wildcard daemon/*.c))
CTL      := $(wildcard daemon/ctl/*.c)
PROBES   := $(wildcard probes/*.c)
AWSSIM   := $(wildcard test/awssim/*.c)
UNIT     := $(wildcard test/unit/test_*.c)
TPROBES  := $(wildcard test/e2e/probes/*.c)
BENCH    := $(wildcard test/bench/*.c)

obj       = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
PROBE_SO := $(PROBES:probes/%.c=$(BUILD)/probes/%.so)
TPROBE_SO:= $(TPROBES:test/e2e/probes/%.c=$(BUILD)/test/probes/%.so)
UNIT_BIN := $(UNIT:test/unit/%.c=$(BUILD)/test/%)
BENCH_BIN:= $(BENCH:test/bench/%.c=$(BUILD)/bench/%)
PROGRAMS := $(BUILD)/kdiagd $(BUILD)/kdiagctl $(BUILD)/kdiag-awssim

.PHONY: all deps demo test lint bench fuzz install clean help tests-built bench-built
.SUFFIXES:
.SECONDARY:

all: $(PROGRAMS) $(PROBE_SO)

help:
	@echo 'make          build everything into $(BUILD)/'
	@echo 'make deps     install the packages that are missing (Debian, Ubuntu)'
	@echo 'make demo     the daemon against a simulated AWS, with nothing else needed'
	@echo 'make test     every test;  make lint;  make bench;  make fuzz'
	@echo 'make install  DESTDIR= PREFIX=$(PREFIX)'

# ---- rules ----

# The probes' folder is compiled in: another PREFIX than last time makes all anew.
$(BUILD)/prefix: FORCE
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' >$@
FORCE:

$(BUILD)/obj/%.o: %.c $(BUILD)/prefix
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -fPIE -MMD -MP -c -o $@ $<

$(BUILD)/libcommon.a: $(call obj,$(COMMON))
$(BUILD)/libaws.a: $(call obj,$(AWS))
$(BUILD)/libdaemon.a: $(call obj,$(DAEMON))
$(BUILD)/%.a:
	@rm -f $@
	$(AR) rcs $@ $^

# Programs that open probes lend them the functions of kdiag/probe.h, and no others.
KD_API   := -Wl,--dynamic-list=common/kdiag/probe.syms
KD_LIB    = -Wl,--whole-archive $(BUILD)/libcommon.a -Wl,--no-whole-archive

$(BUILD)/kdiagd: $(call obj,daemon/kdiagd.c) $(BUILD)/libdaemon.a $(BUILD)/libaws.a $(BUILD)/libcommon.a common/kdiag/probe.syms
	$(LINK) $(KD_API) -o $@ $(filter %.o,$^) $(BUILD)/libdaemon.a $(BUILD)/libaws.a $(KD_LIB) $(LIBS)

$(BUILD)/kdiagctl: $(call obj,$(CTL)) $(BUILD)/libcommon.a common/kdiag/probe.syms
	$(LINK) $(KD_API) -o $@ $(filter %.o,$^) $(KD_LIB) $(LIBS)

$(BUILD)/kdiag-awssim: $(call obj,$(AWSSIM)) $(BUILD)/libaws.a $(BUILD)/libcommon.a
	$(LINK) -o $@ $(filter %.o,$^) $(BUILD)/libaws.a $(BUILD)/libcommon.a $(LIBS)

# What is too much for one file lies beside it in a folder of the probe's name.
.SECONDEXPANSION:
$(BUILD)/probes/%.so: probes/%.c common/kdiag/probe.h $$(wildcard probes/$$*/*.[ch])
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -fPIC -shared -fvisibility=default -Wl,-Bsymbolic $(LDHARDEN) $(LDFLAGS) -o $@ $(filter %.c,$^)

$(BUILD)/test/probes/%.so: test/e2e/probes/%.c common/kdiag/probe.h
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -fPIC -shared $(LDHARDEN) $(LDFLAGS) -o $@ $<

$(BUILD)/test/%: $(BUILD)/obj/test/unit/%.o $(BUILD)/libdaemon.a $(BUILD)/libaws.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(LINK) $(KD_API) -o $@ $< $(BUILD)/libdaemon.a $(BUILD)/libaws.a $(KD_LIB) $(LIBS) -lcmocka

$(BUILD)/bench/%: $(BUILD)/obj/test/bench/%.o $(BUILD)/libdaemon.a $(BUILD)/libaws.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(LINK) $(KD_API) -o $@ $< $(BUILD)/libdaemon.a $(BUILD)/libaws.a $(KD_LIB) $(LIBS)

tests-built: all $(UNIT_BIN) $(TPROBE_SO)
bench-built: all $(BENCH_BIN) $(TPROBE_SO)
$(BUILD)/bench/call: LDFLAGS += -Wl,--wrap=http_send

# ---- set-up, demo, tests ----

deps:
	@test/deps.sh

demo:
	@test/deps.sh build && test/demo.sh

test:
	@test/deps.sh build test && test/run.sh

lint:
	@test/deps.sh build lint && test/lint.sh

bench:
	@test/deps.sh build bench && test/bench/run.sh

fuzz:
	@test/deps.sh build fuzz && test/fuzz/run.sh

# ---- installation: programs, probes, the ABI header, manuals, units; an existing config is left as it is ----

SBIN      = $(DESTDIR)$(PREFIX)/sbin
BIN       = $(DESTDIR)$(PREFIX)/bin
LIB       = $(DESTDIR)$(PREFIX)/lib
SHARE     = $(DESTDIR)$(PREFIX)/share
MAN       = $(SHARE)/man

install: all
	install -d $(SBIN) $(BIN) $(LIB)/kdiag/probes $(LIB)/systemd/system $(LIB)/sysusers.d $(LIB)/tmpfiles.d \
	    $(DESTDIR)$(PREFIX)/include/kdiag $(SHARE)/kdiag/forwarders $(MAN)/man1 $(MAN)/man5 $(MAN)/man8 $(DESTDIR)/etc/kdiag
	install -m 755 $(BUILD)/kdiagd $(SBIN)/kdiagd
	install -m 755 $(BUILD)/kdiagctl $(BIN)/kdiagctl
	install -m 644 $(PROBE_SO) $(LIB)/kdiag/probes/
	install -m 644 common/kdiag/probe.h $(DESTDIR)$(PREFIX)/include/kdiag/
	install -m 644 daemon/ctl/kdiagctl.1 $(MAN)/man1/
	install -m 644 etc/kdiagd.yaml.5 $(MAN)/man5/
	install -m 644 daemon/kdiagd.8 $(MAN)/man8/
	install -m 644 etc/iam-policy.json $(SHARE)/kdiag/
	install -m 644 $(wildcard etc/forwarders/*) $(SHARE)/kdiag/forwarders/
	chmod 755 $(SHARE)/kdiag/forwarders/heartbeat-age.sh
	sed 's|/usr/sbin/|$(PREFIX)/sbin/|' systemd/kdiagd.service >$(LIB)/systemd/system/kdiagd.service
	chmod 644 $(LIB)/systemd/system/kdiagd.service
	install -m 644 systemd/kdiagd.socket $(LIB)/systemd/system/
	install -m 644 systemd/kdiag.sysusers $(LIB)/sysusers.d/kdiag.conf
	install -m 644 systemd/kdiag.tmpfiles $(LIB)/tmpfiles.d/kdiag.conf
	test -e $(DESTDIR)/etc/kdiag/kdiagd.yaml || install -m 644 etc/kdiagd.yaml $(DESTDIR)/etc/kdiag/kdiagd.yaml
ifeq ($(DESTDIR),)
	-systemd-sysusers kdiag.conf
	-systemd-tmpfiles --create kdiag.conf
	-test ! -d /run/systemd/system || systemctl daemon-reload
endif

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
