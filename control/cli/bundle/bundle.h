/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A support bundle while it is gathered: files in memory, from which secrets have been taken, and
 * reasons why others are missing. Nothing else ever reaches the disk.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "cli/bundle/redact/rules.h"

struct cli;
struct config;
struct pseudonyms;

struct bundle_file {
	const char *name; /* static */
	char *text;	  /* NULL: it is missing */
	char *missing;	  /* why, a text that others may see */
};

struct bundle {
	struct cli *cli;
	const struct config *config; /* NULL: it cannot be read */
	struct pseudonyms *pseudonyms;
	struct bundle_file *files;
	size_t nr_files;
	bool no_memory; /* a file could not even be listed */
};

/* Adds a file. text is taken; NULL: there was no memory for it. */
void bundle_add_text(struct bundle *bundle, const char *name, char *text);

/* Adds a file with what may be seen of a document, which is taken; NULL as above. */
void bundle_add_json(struct bundle *bundle, const char *name, const struct redact_rules *rules,
		     json_t *json);

/* Says on stderr and in the bundle that a file is missing, and why. */
void bundle_miss(struct bundle *bundle, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Runs a program for a file. Result: what it printed, to be freed, or NULL: the file is missing, as
 * it was said.
 */
char *bundle_run(struct bundle *bundle, const char *file, const char *const *argv);

/* Frees all files. */
void bundle_clear(struct bundle *bundle);

/* Result: whether the daemon says that it has neither the build nor records of it. */
bool bundle_daemon_knows_not(const struct bundle *bundle, const char *build);

/* What is gathered. Whatever of it fails is missing, and that is all. */
void bundle_daemon_gather(struct bundle *bundle); /* answers of the API */
void bundle_config_gather(struct bundle *bundle);
void bundle_config_gather_doctor(struct bundle *bundle);
void bundle_table_gather(struct bundle *bundle);
void bundle_host_gather(struct bundle *bundle);
void bundle_devices_gather(struct bundle *bundle);
void bundle_journal_gather(struct bundle *bundle);
