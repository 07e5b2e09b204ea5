/* SPDX-License-Identifier: BSD-3-Clause */
/* What the checks of `sallyport doctor` share. */
#pragma once

#include <jansson.h>

struct cli;
struct config;
struct netlink;

enum doctor_grade {
	DOCTOR_OK,
	DOCTOR_NOTE, /* cannot be seen from here */
	DOCTOR_WARNING,
	DOCTOR_FAILURE, /* sessions do not work */
	DOCTOR_GRADES_NR
};

struct doctor {
	const struct config *config;
	const json_t *status; /* /v1/status; NULL: the daemon does not answer */
	const json_t *pools;  /* /v1/pools, likewise */
	struct netlink *netlink;
	json_t *findings;
	enum doctor_grade worst;
};

/* Looks at everything. Result: an array of findings, NULL without memory, and the worst grade. */
json_t *doctor_findings(struct cli *cli, const struct config *config, enum doctor_grade *ret_worst);

/* Adds one finding of a check: a sentence, and what to do about it. */
void doctor_say(struct doctor *doctor, const char *check, enum doctor_grade grade,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The checks of the host itself, and those of what the daemon says. */
void doctor_host_check(struct doctor *doctor);
void doctor_ports_check(struct doctor *doctor);
void doctor_edge_check(struct doctor *doctor);
void doctor_pools_check(struct doctor *doctor);
