/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An edge with a real kernel: the test process moves into a network namespace of its own, joined by
 * a veth each to one for a client and one for a VM. Everything goes with the process, but for the
 * pins, which rig_remove() takes away.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "claim.h"
#include "host/config.h"
#include "kernel/kernel.h"
#include "kernel/pins/kept.h"
#include "kernel/pins/pins.h"

struct table_map;

#define RIG_PUBLIC	"public"
#define RIG_BUILDS	"builds"
#define RIG_BIND	"192.0.2.1"
#define RIG_CLIENT	"192.0.2.2"
#define RIG_VM		"10.0.3.7"
#define RIG_GATEWAY	"10.0.3.254"
#define RIG_PUBLIC_PORT 60000 /* leads to the VM's RIG_VM_PORT, both by UDP */
#define RIG_VM_PORT	2200
#define RIG_HOST_PORT	7000 /* of the edge host itself */
#define RIG_WAIT_MS	10000

struct rig {
	int edge_ns, client_ns, vm_ns;
	char dir[64]; /* of the host's file system */
	struct claim claim;
	char bpf_dir[CLAIM_DIR_BYTES + 8]; /* below the claim's */
	struct config *config;
	struct kernel_kept kept; /* nothing */
	bool loopback_forwarded; /* what lo.forwarding was */
};

/* Result: a reason why this machine cannot have a rig, or NULL. */
const char *rig_missing(void);

/* cmocka set-up and tear-down: *state becomes a struct rig *, or NULL if rig_missing(). */
int rig_make(void **state);
int rig_remove(void **state);

/* Begins a test: the rig, or a skip with the reason. */
struct rig *rig_of(void **state);

/* Runs a shell command in a namespace and has it succeed. */
void rig_run(int ns_fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes the veths, addresses and the way to the VM. */
void rig_wire(const struct rig *rig);

/* Loads rig->config anew with these ranges, workers, and a third group of text. */
void rig_configure(struct rig *rig, const char *ports, unsigned int workers,
		   const char *public_interface, const char *builds_interface);

/* kernel_start(), the lease published, the VM added, kernel_attach(); all of it succeeds. */
struct kernel *rig_start(const struct rig *rig);

/* The same but the last, with what the daemon does in between. */
struct kernel *rig_prepare(const struct rig *rig);
void rig_publish(struct table_map *table);

/* Lets the mirror work until the VM's state is that; fails the test after RIG_WAIT_MS. */
void rig_wait_vm(struct kernel *kernel, const char *addr, enum kernel_vm_state state);

/* Lets the mirror work until the predicate holds; fails the test after RIG_WAIT_MS. */
void rig_wait(struct kernel *kernel, bool (*holds)(struct kernel *kernel, const void *context),
	      const void *context);

/* A client's packets through the lease and to the host itself, one at a time, all to arrive. */
struct flow {
	int client_fd, vm_fd;	 /* through the lease */
	int visitor_fd, host_fd; /* past it */
	pthread_t thread;
	bool stop;
	uint64_t rounds;
	uint64_t lost;	    /* of the lease */
	uint64_t lost_host; /* of the host */
};

void flow_start(const struct rig *rig, struct flow *flow);
/* Fails the test if anything was lost, or nothing was sent. */
void flow_stop(struct flow *flow);
/* Result: whether one packet through the lease arrives within ms. */
bool flow_passes(const struct rig *rig, int ms);

/* Result: the id of the XDP program on an interface, 0: none. */
uint32_t rig_prog_id(const char *interface);
/* Result: how many BPF objects the pins, links and interfaces of the rig still hold. */
unsigned int rig_leftovers(const struct rig *rig);
