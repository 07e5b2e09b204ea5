/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why ssh to a node fails, as far as an edge that sees packets but no keys can tell. What is
 * certain is said as such, what byte counts only suggest is called likely.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/session.h"

#define DIAGNOSE_NEXT_MAX 5

/* A connection with so many bytes of payload each way likely was a login that worked: diagnose.c.
 */
#define DIAGNOSE_LOGIN_TO_VM	 3400
#define DIAGNOSE_LOGIN_TO_CLIENT 3250

/* X(NAME, name) */
#define DIAGNOSE_CASES(X)                                                                          \
	X(ENDED, ended)                                                                            \
	X(NO_VM, no_vm)                                                                            \
	X(RESERVED, reserved)                                                                      \
	X(BUILDS_DOWN, builds_down)                                                                \
	X(PUBLIC_DOWN, public_down)                                                                \
	X(NO_ENGINE, no_engine)                                                                    \
	X(REFUSED, refused)                                                                        \
	X(RATE_LIMITED, rate_limited)                                                              \
	X(NOTHING_ARRIVED, nothing_arrived)                                                        \
	X(VM_GONE, vm_gone)                                                                        \
	X(VM_SILENT, vm_silent)                                                                    \
	X(RETURN_PATH, return_path)                                                                \
	X(VM_REFUSED, vm_refused)                                                                  \
	X(UNCONFIRMED, unconfirmed)                                                                \
	X(NOT_KNOWN, not_known)                                                                    \
	X(TURNED_AWAY, turned_away)                                                                \
	X(BANNER_ONLY, banner_only)                                                                \
	X(HOST_KEY, host_key)                                                                      \
	X(KEY, key)                                                                                \
	X(LOGIN, login)                                                                            \
	X(CONNECTED, connected)

enum diagnose_case {
#define X(NAME, name) DIAGNOSE_##NAME,
	DIAGNOSE_CASES(X)
#undef X
		DIAGNOSE_CASES_NR
};

/* What keeps the edge itself from carrying anything. */
enum diagnose_edge {
	DIAGNOSE_EDGE_WELL,
	DIAGNOSE_EDGE_BUILDS_DOWN, /* that interface, or it has no program of ours */
	DIAGNOSE_EDGE_PUBLIC_DOWN,
	DIAGNOSE_EDGE_NO_ENGINE,
};

/* What is known of one node, and of one client if one is asked about. */
struct diagnose_facts {
	enum session_state session;
	enum diagnose_edge edge;
	bool bound;	     /* the VM's address is known */
	bool allowed;	     /* the client is on the allow-list, or nobody is asked about */
	bool answers_probes; /* node.ready */
	bool resolved;	     /* the next hop's link address is known, or not known to be unknown */
	bool limited;	     /* the lease has lately refused connections that came too fast */
	uint64_t nr_connections;
	uint64_t nr_unknown;	    /* attempts of anybody that are remembered no more */
	uint64_t packets_to_client; /* of the lease, of anybody */
	bool accepted;		    /* the latest connection, and so the next five */
	bool established;	    /* by the client's answer to the VM */
	bool open;
	bool reset_by_vm;
	uint64_t bytes_to_vm; /* once it is closed */
	uint64_t bytes_to_client;
};

struct diagnosis {
	enum diagnose_case verdict;
	const char *certain;			 /* a sentence, static */
	const char *likely;			 /* a sentence, static, or NULL */
	const char *next[DIAGNOSE_NEXT_MAX + 1]; /* what to do, ended by NULL */
};

/* Pure. Result: the row of the first case that fits. */
const struct diagnosis *connect_diagnose(const struct diagnose_facts *facts);

const char *connect_diagnose_case_name(enum diagnose_case verdict);
