/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The VMs that ask, by address: the session each has, and how often it may ask. What is kept here
 * is known to the daemon too, which is asked after a restart; only the allowances begin anew.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <sallyport/addr.h>

#include "runner/label.h"

#define RUNNER_VMS_MAX 65536

/* An allowance that grows back: until when it is used up. */
struct bucket {
	uint64_t used_until_ns;
};

struct allowance {
	unsigned int burst;
	uint64_t each_ns; /* one grows back */
};

struct vm {
	LIST_ENTRY(vm) link;
	struct sp_addr addr;
	char id[RUNNER_LABEL_ID_BYTES]; /* of its live session, "" without */
	uint64_t silent_ns; /* since when its port is seen not to answer any more, or 0 */
	int64_t packets;    /* that it had sent to clients by then */
	bool seen;	    /* by the look that is under way */
	struct bucket requests;
	struct bucket sessions;
};

struct vms;

struct vms *runner_vms_new(void); /* NULL without memory */
void runner_vms_free(struct vms *vms);

/* Result: the VM, made if it is not there; NULL when there are too many, or no memory. */
struct vm *runner_vms_find(struct vms *vms, const struct sp_addr *addr);

/* Calls visit for each; it may not add any. */
void runner_vms_each(struct vms *vms, void (*visit)(void *context, struct vm *vm), void *context);

/* Forgets those that have no session and nothing used of their allowances. */
void runner_vms_forget_idle(struct vms *vms, uint64_t now_ns);

/* Result: how many have a session. */
unsigned int runner_vms_count_sessions(const struct vms *vms);

/* Takes one from an allowance. Result: whether there was one. */
bool runner_vms_take(struct bucket *bucket, const struct allowance *allowance, uint64_t now_ns);

/* Undoes one that was taken. */
void runner_vms_give_back(struct bucket *bucket, const struct allowance *allowance);
