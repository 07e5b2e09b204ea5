/* SPDX-License-Identifier: BSD-3-Clause */
/* What the checks of `sallyport doctor` share: what they look at, and how they say it. */
#pragma once

#include <jansson.h>

struct config;

enum doctor_grade {
	DOCTOR_OK,
	DOCTOR_NOTE, /* cannot be seen from here */
	DOCTOR_WARNING,
	DOCTOR_FAILURE, /* sessions do not work */
	DOCTOR_GRADES_NR
};

struct doctor {
	const struct config *config;
	const char *config_path; /* where it was read */
	const json_t *status;	 /* /v1/status; NULL: the daemon does not answer */
	const json_t *pools;	 /* /v1/pools, likewise */
	json_t *findings;
	enum doctor_grade worst;
};

/* Adds one finding of a check: a sentence, and what to do about it. */
void doctor_finding_say(struct doctor *doctor, const char *check, enum doctor_grade grade,
			const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Gives the last finding the command that mends it, for the shell of root. */
void doctor_finding_cure(struct doctor *doctor, const char *command);

/* Says of it where that is to stand to outlast a reboot. */
void doctor_finding_kept(struct doctor *doctor, const char *place);
