/* SPDX-License-Identifier: BSD-3-Clause */
/* One row of the table, and what its look-up is given. */
#pragma once

#include <stdbool.h>

#include "facts/facts.h"
#include "kernel/netlink/links.h"

#define FACT_MOST_INTERFACES 2
#define SAY_QUOTED_SIZE	     80

struct netlink;

/* An interface of the configuration. */
struct fact_interface {
	const char *key; /* public.interface */
	const char *name;
	char shell[SAY_QUOTED_SIZE];   /* the name, for commands */
	const struct links_link *link; /* NULL: there is none of that name */
	bool public;
	const char *port; /* of DPDK's, whose exception interface it is; "": none */
	/* The kernel's, with addresses and routes: on a trunk that of the VLAN, if there is one. */
	const char *host_name;
	char host_shell[SAY_QUOTED_SIZE];
};

struct fact_row;

/* One look. */
struct fact_look {
	const struct facts_site *site;
	const struct config *config;
	const struct fact_row *row; /* whose turn it is */
	struct links links;
	struct fact_interface interface[FACT_MOST_INTERFACES]; /* one, where they are the same */
	unsigned int nr_interfaces;
	struct netlink *netlink; /* NULL: it cannot be opened */
	struct facts_list list;
	bool memory_gone;
};

struct fact_row {
	const char *name;
	enum facts_severity severity; /* of its findings */
	const char *asks;	      /* where it is looked up, for the page */
	const char *wrong;	      /* what it finds, for the page */
	const char *cure;	      /* for the page */
	const char *well;	      /* what is said if nothing is found; NULL: nothing */
	const char *kept; /* where a cure that is gone after a reboot is to stand; NULL: it stays */
	void (*look)(struct fact_look *look);
};

/* All rows; the last has no name. */
extern const struct fact_row facts_table[];
