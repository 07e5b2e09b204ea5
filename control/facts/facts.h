/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What of this host a start would refuse, and what would make it slow or silent, each with the
 * command that cures it. Looks and changes nothing. `sallyportd --check --host` and `sallyport
 * doctor` both say what is found here, in the same words; docs/FACTS.md is the table.
 */
#pragma once

#include <stdio.h>

struct config;

/* From best to worst. */
enum facts_severity {
	FACTS_WELL,
	FACTS_HINT,   /* cannot be seen from here */
	FACTS_RISK,   /* works, until something else happens */
	FACTS_SLOW,   /* works, and could be faster */
	FACTS_SILENT, /* starts, and some or all sessions do not work */
	FACTS_REFUSE, /* a daemon of ours does not start */
	FACTS_SEVERITIES_NR
};

/* What one row of the table found; several where it looks at several things. */
struct facts_finding {
	const char *name; /* of the row, static */
	enum facts_severity severity;
	char *says;	  /* sentences */
	char *cure;	  /* a command for the shell of root, or NULL: see says */
	const char *kept; /* where it is to stand to outlast a reboot, static; NULL: it does so */
};

struct facts_list {
	struct facts_finding *finding; /* in the order of the table */
	unsigned int nr;
	enum facts_severity worst;
};

/* What is looked at; all but config may be left NULL. */
struct facts_site {
	const struct config *config;
	const char *config_path; /* as it is called in cures; NULL: the usual one */
	const char *root;	 /* where /proc, /sys and /etc are; NULL: here */
	/*
	 * Whether a start would refuse the journal. Result: 0, or -errno and *ret_reason, a
	 * sentence to be freed, or NULL.
	 */
	int (*try_journal)(const struct config *config, char **ret_reason);
};

/* Looks at everything. Result: 0 and *ret_list, to be freed by facts_free(), or -ENOMEM. */
int facts_look(const struct facts_site *site, struct facts_list *ret_list);
void facts_free(struct facts_list *list);

/* Result: "refuse" and the like, static. */
const char *facts_severity_name(enum facts_severity severity);

/* Prints what is not well, a cure on a line of its own, and how many facts were looked at. */
void facts_print(const struct facts_list *list, FILE *out);

/* Prints the table in Markdown. */
void facts_print_table(FILE *out);
