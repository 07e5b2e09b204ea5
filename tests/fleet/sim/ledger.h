/* SPDX-License-Identifier: BSD-3-Clause */
/* What the fleet has promised to callers, and what it must not do any more. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SIM_BROKEN_BYTES 512

struct sim_promise {
	char id[16];
	unsigned int vm;
	unsigned int lifetime_s, linger_s;
	uint64_t asked_ns;    /* wall time of the first PUT */
	unsigned int port;    /* as answered; 0: it was not */
	bool supersedes;      /* whoever has its VM */
	bool acknowledged;    /* a PUT was */
	unsigned int nr_puts; /* under way */
	bool unsure;	      /* one ended without a word whether it was, or will be, written */
	bool removing;	      /* a DELETE was sent */
	bool removed;	      /* and acknowledged */
	bool confirmed;	      /* by all */
	bool vague;	      /* how long it lasts is not known: an answer was lost */
	uint64_t deadline_ns; /* wall time, as answered */
	uint64_t latest_ns;   /* the latest that may have been promised */
	bool extended;
	uint64_t excused[2]; /* hosts that a removal has named */
	uint64_t early[2];   /* hosts that ended it before they heard that it was extended */
	unsigned int next;   /* of its VM, from 1; 0: none */
};

struct sim_ledger {
	struct sim_promise *promise;
	unsigned int nr, space;
	unsigned int *of_vm; /* the newest of each VM, from 1 */
	unsigned int nr_vms;
	uint64_t answered[600];	       /* by status; 0: none came */
	char broken[SIM_BROKEN_BYTES]; /* the first promise that was */
};

void sim_ledger_begin(struct sim_ledger *ledger, unsigned int nr_vms);
void sim_ledger_end(struct sim_ledger *ledger);

/* Result: a new one's index. */
unsigned int sim_ledger_add(struct sim_ledger *ledger, unsigned int vm);

/* Result: NULL: none of ours. */
struct sim_promise *sim_ledger_find(const struct sim_ledger *ledger, const char *id);

/* Result: whether the VM may be given to another build: whoever had it was removed from
 * everywhere, or has been over for margin_ns. */
bool sim_ledger_is_free(const struct sim_ledger *ledger, unsigned int vm, uint64_t margin_ns);

/* Notes a host, looks for one. */
void sim_ledger_note(uint64_t hosts[2], unsigned int host);
bool sim_ledger_has(const uint64_t hosts[2], unsigned int host);

/* Notes the first that is wrong. */
void sim_ledger_break(struct sim_ledger *ledger, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
