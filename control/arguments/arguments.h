/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of a program that has no verbs: one table for parser and help. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum arguments_kind {
	ARGUMENTS_TEXT,	  /* const char *, not empty */
	ARGUMENTS_CHOICE, /* the same, one of the words in argument, which have a | between them */
	ARGUMENTS_DURATION, /* uint64_t, ns, not 0 */
	ARGUMENTS_NUMBER,   /* uint64_t, within the program's bounds */
	ARGUMENTS_FLAG,	    /* bool, without an argument */
	ARGUMENTS_HELP,
	ARGUMENTS_VERSION,
};

struct arguments_row {
	const char *letter; /* NULL: none */
	const char *name;
	const char *argument; /* as help calls it; NULL: takes none */
	enum arguments_kind kind;
	size_t offset;	      /* of the value in what is parsed into */
	const char *standard; /* NULL: zero */
	const char *help;
};

struct arguments_program {
	const char *name;
	const char *usage; /* behind "usage: NAME ", with what the program is for */
	const struct arguments_row *rows;
	size_t nr_rows;
	uint64_t number_min, number_max;
};

enum arguments_action {
	ARGUMENTS_RUN,
	ARGUMENTS_DONE, /* help or version was printed */
	ARGUMENTS_WRONG,
};

/*
 * Fills in *options, all zero before: what was given, else the standard. Texts point into argv and
 * rows. What is wrong was said on stderr.
 */
enum arguments_action arguments_parse(const struct arguments_program *program, char **argv,
				      void *options);

/* Says on stderr what is wrong, with a word. Result: ARGUMENTS_WRONG. */
enum arguments_action arguments_wrong(const struct arguments_program *program, const char *what,
				      const char *word);
