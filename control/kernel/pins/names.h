/* SPDX-License-Identifier: BSD-3-Clause */
/* What we hold of the kernel, in what state, and how that is spelt. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

/* Where the table came from. All three are published to in the same way. */
enum kernel_origin {
	KERNEL_CREATED,	 /* there was none */
	KERNEL_ADOPTED,	 /* the pinned one, in use by packets all along */
	KERNEL_REPLACED, /* the pinned one no longer fits: built beside it, swapped by
			    kernel_attach() */
};

enum kernel_vm_state {
	KERNEL_VM_UNKNOWN,    /* never added */
	KERNEL_VM_UNROUTED,   /* no route, or one that does not leave by builds.interface */
	KERNEL_VM_RESOLVING,  /* asked, no answer yet */
	KERNEL_VM_RESOLVED,   /* its link-layer address is known */
	KERNEL_VM_UNANSWERED, /* does not answer ARP or NDP */
};

struct kernel_vm {
	enum kernel_vm_state state;
	bool via_gateway;	 /* the state is that of the gateway */
	struct sp_addr next_hop; /* the VM itself or the gateway */
	uint8_t mac[6];		 /* of RESOLVED, else zero */
};

/* Result: the state as diagnose and status spell it. */
const char *pins_names_vm_state_name(enum kernel_vm_state state);

enum kernel_attachment {
	KERNEL_DETACHED,     /* nothing of ours */
	KERNEL_ATTACHED,     /* a program of ours, attached by this process */
	KERNEL_LINK_ADOPTED, /* the pinned link and its program were kept as they were */
	KERNEL_LINK_UPDATED, /* the pinned link was given a new program */
};

#define KERNEL_TAG_SIZE	     17 /* eight bytes in hex */
#define KERNEL_NAME_SIZE     16
#define KERNEL_PATH_SIZE     256
#define KERNEL_WARNINGS_MAX  8
#define KERNEL_SENTENCE_SIZE 256

struct kernel_interface {
	char name[KERNEL_NAME_SIZE];
	char called[KERNEL_NAME_SIZE]; /* now; empty: there is none of that index */
	uint32_t ifindex;
	enum kernel_attachment attachment;
	bool native;	  /* else generic */
	bool foreign;	  /* another program than ours is on the interface now */
	bool link_pinned; /* at link_path */
	uint32_t prog_id; /* on the interface now, ours or foreign; 0: none */
	uint32_t link_id; /* of ours, 0: none */
	char prog_name[KERNEL_NAME_SIZE];
	char prog_tag[KERNEL_TAG_SIZE];
	char link_path[KERNEL_PATH_SIZE];
	char problem[KERNEL_SENTENCE_SIZE]; /* a sentence without its stop, or empty */
};

/* What may happen to what we hold of this host. */
enum kernel_change_type {
	KERNEL_CHANGE_LOST,	 /* packets no longer meet a program; value: 0 */
	KERNEL_CHANGE_FAILED,	 /* it cannot be put back for now; value: 0 */
	KERNEL_CHANGE_RESTORED,	 /* they do again; value: for how many ms they did not */
	KERNEL_CHANGE_RENAMED,	 /* an interface with our program has another name; value: 0 */
	KERNEL_CHANGE_BLIND,	 /* netlink failed and cannot be opened anew; value: 0 */
	KERNEL_CHANGE_CORRECTED, /* a switch or neighbour that others changed; value: how many */
	KERNEL_CHANGE_UNSENT,	 /* redirected frames are not taken; value: 0 */
	KERNEL_CHANGES_NR
};

/* Something that others did to what we hold of this host, or what became of it. */
struct kernel_change {
	enum kernel_change_type type;
	uint64_t value;
	char what[KERNEL_SENTENCE_SIZE];
	bool logged; /* the caller's */
};

/* Result: "created", "adopted", "replaced"; "none", "attached", "adopted", "updated". */
const char *pins_names_origin_name(enum kernel_origin origin);
const char *pins_names_attachment_name(enum kernel_attachment attachment);
