/* SPDX-License-Identifier: BSD-3-Clause */
/* One reading of a text, for config_syntax.c alone. */
#pragma once

#include "config_syntax.h"

/* A bracket that is open. */
struct config_opening {
	char bracket; /* 0: the file itself */
	unsigned int line;
	const char *key; /* "": the file itself */
	unsigned int first_name;
	const struct config_opening *outer;
};

struct config_cursor {
	struct config_reading *reading;
	struct config_syntax *syntax;
	const char *text;
	struct config_scan scan;
	struct config_token token;  /* the next that is not taken yet */
	struct config_token *names; /* of the open groups, the outermost first */
	unsigned int nr_names;
	unsigned int name_line; /* of the last key with an equals sign */
	unsigned int depth;
	unsigned int errors;
	bool over;			    /* what follows would only be guessed */
	char lost_group[CONFIG_KEY_SIZE];   /* a group that has a key of another: not closed? */
	struct config_token lost_name;	    /* the key */
	char closed_group[CONFIG_KEY_SIZE]; /* closed last on top */
};

/* Adds an error; a key that is NULL or "" is left out. */
void config_cursor_fail(struct config_cursor *cursor, unsigned int line, const char *key,
			const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Goes to the next token. */
void config_cursor_next(struct config_cursor *cursor);

/* Result: the token behind the next one. */
struct config_token config_cursor_after(const struct config_cursor *cursor);

/* Result: whether a token is a value that is no group and no list. */
bool config_cursor_is_value(enum config_token_kind kind);

/* Result: the bracket that closes one. */
char config_cursor_closer(char bracket);

/* Result: a token for people, in quotes, cut if it is long. */
const char *config_cursor_quote(const struct config_token *token, char ret_text[CONFIG_QUOTE_SIZE]);

/* Goes on behind the next semicolon, or in the next line, or at a bracket that closes. */
void config_cursor_skip(struct config_cursor *cursor);

/* Result: whether a text or a comment without an end is next; it was reported. */
bool config_cursor_fail_open(struct config_cursor *cursor, const char *key);

/* Reports a bracket that is still open where something else is. */
void config_cursor_fail_unclosed(struct config_cursor *cursor, const struct config_opening *in);

/* Reports and takes a word where a value should be. */
void config_cursor_fail_word(struct config_cursor *cursor, const char *key);

/* Keeps the next token as a value, and blanks a number in the text for libconfig. */
void config_cursor_keep_literal(struct config_cursor *cursor);

/* Keeps a key of a group, where it may stand once. */
void config_cursor_keep_name(struct config_cursor *cursor, const struct config_opening *in,
			     const struct config_token *name, const char *key);

/* Result: whether there is an option or a group of this name. */
bool config_cursor_is_known(const char *key);

/* Remembers the first key that belongs not where it stands, but in a group around. */
void config_cursor_look_for_lost(struct config_cursor *cursor, const struct config_opening *in,
				 const struct config_token *name, const char *key);
