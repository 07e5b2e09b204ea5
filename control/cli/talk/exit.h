/* SPDX-License-Identifier: BSD-3-Clause */
/* What the exit statuses of sallyport mean: one table, of which help and manual page are made. */
#pragma once

#include "cli/talk/talk.h"

struct exit_row {
	enum cli_exit code;
	const char *kind;  /* "not-found", as in errors with -o json; NULL ends the table */
	const char *title; /* of errors that are no problem of the daemon's */
	const char *help;
	const char *problems; /* types of problems of the API, parted by blanks; NULL: none */
};

extern const struct exit_row talk_exit_rows[];

/* Result: the row of a status. */
const struct exit_row *talk_exit_row(enum cli_exit code);

/*
 * Result: the status for a problem's type, or the URI that ends with it; CLI_EXIT_REFUSED for one
 * that this program does not know.
 */
enum cli_exit talk_exit_of_problem(const char *type);
