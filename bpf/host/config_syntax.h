/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A reading of the text of our own, beside libconfig's: it says what libconfig does not, and keeps
 * every number as it is written. Only for the files of config.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config_table.h"

enum config_token_kind {
	CONFIG_TOKEN_END,
	CONFIG_TOKEN_NAME,
	CONFIG_TOKEN_EQUALS, /* or a colon */
	CONFIG_TOKEN_BOOL,
	CONFIG_TOKEN_INTEGER,
	CONFIG_TOKEN_FLOAT,
	CONFIG_TOKEN_STRING,
	CONFIG_TOKEN_OPEN_STRING, /* its closing quote is not in its line */
	CONFIG_TOKEN_OPEN_COMMENT,
	CONFIG_TOKEN_OPEN,  /* { ( [ */
	CONFIG_TOKEN_CLOSE, /* } ) ] */
	CONFIG_TOKEN_COMMA,
	CONFIG_TOKEN_SEMICOLON,
	CONFIG_TOKEN_STRAY, /* a character that begins nothing */
};

struct config_token {
	enum config_token_kind kind;
	const char *at; /* in the text; of strings: the quote */
	size_t length;
	unsigned int line;
};

/* Where a scan stands. Copy it to look ahead. */
struct config_scan {
	const char *at; /* in a text that ends with NUL */
	unsigned int line;
};

/* Takes the next token as libconfig's scanner would. At the end it stays. Pure. */
struct config_token config_token_next(struct config_scan *scan);

/*
 * Result: how long the run of characters is that somebody would call a word: all before a space, a
 * bracket, a comma, a semicolon, an equals sign, a comment or, but at its end, a quote.
 */
size_t config_word_length(const char *at);

/* Result: the number that an integer token stands for; the nearest there is if it is larger. */
int64_t config_token_number(const struct config_token *token);

/* One value that is no list and no group, as it is written. */
struct config_literal {
	const char *at; /* in the text */
	size_t length;
	unsigned int line;
	int64_t number; /* of integers */
};

struct config_syntax {
	struct config_literal *literals; /* in the order of the file */
	unsigned int nr_literals;
	/*
	 * What libconfig shall read: every line where it was; arrays as lists, so that numbers and
	 * texts may mix; 0 for each number, since libconfig would cut it.
	 */
	char *text;
};

/*
 * Reads the text, which must outlive the result. Result: 0 and *ret_syntax (config_syntax_free());
 * or -EINVAL with *ret_syntax untouched, and what is wrong among reading's errors; -ENOMEM the
 * same. What is taken here libconfig takes as well. Beyond what libconfig refuses it refuses: texts
 * that follow each other, which libconfig joins; texts over several lines, or with \x00; comments
 * without an end; numbers that begin with 0, which versions of libconfig read differently; numbers
 * with letters at them; @include; groups of more than CONFIG_KEYS_MAX keys, and nested ones deeper
 * than CONFIG_DEPTH_MAX.
 */
int config_syntax_read(struct config_reading *reading, const char *text,
		       struct config_syntax *ret_syntax);

void config_syntax_free(struct config_syntax *syntax);

#define CONFIG_KEYS_MAX	 4096 /* in one group, known or not */
#define CONFIG_DEPTH_MAX 16   /* groups and lists within each other */
