/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong with the text of a file before any key is looked up, and its likely cause. */
#include "host/config_syntax.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/config_cursor.h"

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

static void take_value(struct config_cursor *cursor, const struct config_opening *in,
		       const char *key);

static bool has_nul(const struct config_token *token)
{
	const char *end = token->at + token->length - 1;

	for (const char *at = token->at + 1; at < end; at++) {
		if (*at != '\\')
			continue;
		if (end - at > 3 && (at[1] == 'x' || at[1] == 'X') && at[2] == '0' && at[3] == '0')
			return true;
		at += at[1] == '\\' || at[1] == '"';
	}
	return false;
}

/* A text; libconfig would make one of several that follow each other. */
static void take_string(struct config_cursor *cursor, const struct config_opening *in,
			const char *key)
{
	char one[CONFIG_QUOTE_SIZE], other[CONFIG_QUOTE_SIZE];
	bool item = in->bracket != '{' && in->bracket;

	if (has_nul(&cursor->token))
		config_cursor_fail(cursor, cursor->token.line, key,
				   "\\x00 cannot be part of a text");
	config_cursor_keep_literal(cursor);
	config_cursor_quote(&cursor->token, one);
	config_cursor_next(cursor);
	while (cursor->token.kind == CONFIG_TOKEN_STRING &&
	       (item || config_cursor_after(cursor).kind != CONFIG_TOKEN_EQUALS)) {
		config_cursor_fail(cursor, cursor->token.line, key, "%s %s and %s",
				   item ? "there is no comma between"
					: "has two texts, with nothing between",
				   one, config_cursor_quote(&cursor->token, other));
		strcpy(one, other);
		config_cursor_next(cursor);
	}
}

static bool begins_with_zero(const struct config_token *token)
{
	const char *at = token->at + (*token->at == '-' || *token->at == '+');

	return token->kind == CONFIG_TOKEN_INTEGER && at[0] == '0' && at[1] >= '0' && at[1] <= '9';
}

static void take_number(struct config_cursor *cursor, const char *key)
{
	char quoted[CONFIG_QUOTE_SIZE];

	if (config_word_length(cursor->token.at) > cursor->token.length) {
		config_cursor_fail_word(cursor, key);
		return;
	}
	if (begins_with_zero(&cursor->token))
		config_cursor_fail(
			cursor, cursor->token.line, key,
			"%s begins with 0, which is octal to some programs: write it without",
			config_cursor_quote(&cursor->token, quoted));
	config_cursor_keep_literal(cursor);
	config_cursor_next(cursor);
}

/* What parts two items. Result: false if the list ends here, or what follows is only guessed. */
static bool take_comma(struct config_cursor *cursor, const struct config_opening *in,
		       const char *list, const char *key)
{
	char quoted[CONFIG_QUOTE_SIZE];
	enum config_token_kind kind = cursor->token.kind, then = config_cursor_after(cursor).kind;
	unsigned int line = cursor->token.line;

	if (kind == CONFIG_TOKEN_CLOSE)
		return true;
	if (kind == CONFIG_TOKEN_COMMA) {
		config_cursor_next(cursor);
		if (cursor->token.kind == CONFIG_TOKEN_CLOSE)
			config_cursor_fail(cursor, line, list, "has a comma behind its last item");
		return true;
	}
	if (kind == CONFIG_TOKEN_SEMICOLON &&
	    *config_cursor_after(cursor).at == config_cursor_closer(in->bracket)) {
		config_cursor_fail(cursor, line, list, "has a semicolon behind its last item");
		config_cursor_next(cursor);
		return true;
	}
	if (kind == CONFIG_TOKEN_SEMICOLON &&
	    (config_cursor_is_value(then) || then == CONFIG_TOKEN_OPEN)) {
		config_cursor_fail(cursor, line, list,
				   "has a semicolon between its items, where a comma belongs");
		config_cursor_next(cursor);
		return true;
	}
	if (config_cursor_is_value(kind) || (kind == CONFIG_TOKEN_OPEN && in->bracket == '(') ||
	    (kind == CONFIG_TOKEN_NAME && then != CONFIG_TOKEN_EQUALS) ||
	    kind == CONFIG_TOKEN_STRAY) {
		config_cursor_fail(cursor, line, key, "there is no comma before %s",
				   config_cursor_quote(&cursor->token, quoted));
		return true;
	}
	if (!config_cursor_fail_open(cursor, key))
		config_cursor_fail_unclosed(cursor, in);
	return false;
}

static void take_item(struct config_cursor *cursor, const struct config_opening *in,
		      const char *key)
{
	enum config_token_kind kind = cursor->token.kind;

	if (kind == CONFIG_TOKEN_COMMA) {
		config_cursor_fail(cursor, cursor->token.line, key,
				   "there is nothing before the comma");
	} else if (kind == CONFIG_TOKEN_OPEN && in->bracket == '[') {
		config_cursor_fail(cursor, cursor->token.line, key,
				   "must be a text, a number or a boolean: groups stand in ( … ), "
				   "not in [ … ]");
		cursor->over = true;
	} else if (config_cursor_is_value(kind) || kind == CONFIG_TOKEN_OPEN ||
		   kind == CONFIG_TOKEN_STRAY ||
		   (kind == CONFIG_TOKEN_NAME &&
		    config_cursor_after(cursor).kind != CONFIG_TOKEN_EQUALS)) {
		take_value(cursor, in, key);
	} else if (!config_cursor_fail_open(cursor, key)) {
		config_cursor_fail_unclosed(cursor, in);
	}
}

/* The items of ( … ) or [ … ] and the bracket that closes. */
static void take_items(struct config_cursor *cursor, const struct config_opening *in)
{
	char key[CONFIG_KEY_SIZE];

	for (unsigned int i = 0; !cursor->over; i++) {
		if (cursor->token.kind == CONFIG_TOKEN_CLOSE)
			break;
		config_key(key, "%s[%u]", in->key, i);
		take_item(cursor, in, key);
		if (!cursor->over && !take_comma(cursor, in, in->key, key))
			return;
	}
	if (cursor->over)
		return;
	if (*cursor->token.at != config_cursor_closer(in->bracket)) {
		config_cursor_fail_unclosed(cursor, in);
		return;
	}
	if (in->bracket == '[')
		cursor->syntax->text[cursor->token.at - cursor->text] = ')';
	config_cursor_next(cursor);
}

/* Takes = or what stands in its place. Result: whether a value may follow. */
static bool take_equals(struct config_cursor *cursor, const struct config_token *name,
			const char *key)
{
	char quoted[CONFIG_QUOTE_SIZE];
	enum config_token_kind kind = cursor->token.kind;

	if (kind == CONFIG_TOKEN_EQUALS) {
		config_cursor_next(cursor);
		if (cursor->token.kind != CONFIG_TOKEN_EQUALS)
			return true;
		config_cursor_fail(cursor, cursor->token.line, key, "has = twice");
		config_cursor_next(cursor);
		return true;
	}
	if (config_cursor_is_value(kind) && *cursor->token.at != '.') {
		config_cursor_fail(cursor, name->line, key, "there is no = behind it");
		return true;
	}
	if (kind == CONFIG_TOKEN_OPEN) {
		config_cursor_fail(cursor, name->line, key, "there is no : or = before its %c",
				   *cursor->token.at);
		return true;
	}
	if (config_cursor_fail_open(cursor, key))
		return false;
	if (*cursor->token.at == '.')
		config_cursor_fail(
			cursor, name->line, key,
			"a key has no dots: the keys of a group stand in its braces, %.*s: "
			"{ %.*s = … }",
			(int)name->length, name->at,
			(int)strspn(cursor->token.at + 1, NAME_LETTERS), cursor->token.at + 1);
	else if (kind == CONFIG_TOKEN_NAME &&
		 config_cursor_after(cursor).kind != CONFIG_TOKEN_EQUALS)
		config_cursor_fail(cursor, name->line, key, "there is no = behind it");
	else if (kind == CONFIG_TOKEN_STRAY)
		config_cursor_fail(cursor, name->line, key, "there is no = behind it, but %s",
				   config_cursor_quote(&cursor->token, quoted));
	else
		config_cursor_fail(cursor, name->line, key, "has no value");
	if (kind != CONFIG_TOKEN_NAME || config_cursor_after(cursor).kind != CONFIG_TOKEN_EQUALS)
		config_cursor_skip(cursor);
	return false;
}

/* In a group of a list: whether the next one begins, so that this one was not closed. */
static bool is_next_item(const struct config_cursor *cursor)
{
	return *cursor->token.at == '{' ||
	       (*cursor->token.at == ',' && *config_cursor_after(cursor).at == '{');
}

/* What stands where a key should. */
static void fail_key(struct config_cursor *cursor, const struct config_opening *in)
{
	const struct config_token *token = &cursor->token;
	char quoted[CONFIG_QUOTE_SIZE];
	unsigned int line = token->line;

	if (config_cursor_fail_open(cursor, in->key))
		return;
	if (in->outer && in->outer->bracket == '(' && is_next_item(cursor)) {
		config_cursor_fail_unclosed(cursor, in);
		return;
	}
	if (token->kind == CONFIG_TOKEN_SEMICOLON || token->kind == CONFIG_TOKEN_COMMA) {
		config_cursor_fail(cursor, line, in->key, "there is a %c too many", *token->at);
		config_cursor_next(cursor);
		return;
	}
	if (token->kind == CONFIG_TOKEN_OPEN) {
		config_cursor_fail(cursor, line, in->key, "there is no key before %c", *token->at);
		cursor->over = true;
		return;
	}
	if (strncmp(token->at, "@include", 8) == 0)
		config_cursor_fail(
			cursor, line, in->key,
			"@include is not possible: one file holds the whole configuration");
	else if (token->kind == CONFIG_TOKEN_EQUALS)
		config_cursor_fail(cursor, line, in->key, "there is no key before %c", *token->at);
	else if (token->kind == CONFIG_TOKEN_INTEGER && token->at > cursor->text + 1 &&
		 token->at[-1] == ',' && isdigit((unsigned char)token->at[-2]))
		config_cursor_fail(cursor, line, in->key, "there is a comma within a number");
	else
		config_cursor_fail(cursor, line, in->key,
				   "%s is not a key: a key begins with a letter",
				   config_cursor_quote(token, quoted));
	config_cursor_skip(cursor);
}

/* Result: whether a key is there; one in quotes, as in JSON, is reported and taken. */
static bool take_name(struct config_cursor *cursor, const struct config_opening *in,
		      struct config_token *ret_name)
{
	struct config_token name = cursor->token;

	if (name.kind == CONFIG_TOKEN_STRING && name.length > 2 &&
	    config_cursor_after(cursor).kind == CONFIG_TOKEN_EQUALS) {
		name.at++;
		name.length -= 2;
		config_cursor_fail(cursor, name.line, in->key, "a key stands without quotes: %.*s",
				   (int)(name.length < 60 ? name.length : 60), name.at);
	} else if (name.kind != CONFIG_TOKEN_NAME) {
		return false;
	}
	config_cursor_next(cursor);
	*ret_name = name;
	return true;
}

static void take_setting(struct config_cursor *cursor, const struct config_opening *in)
{
	char key[CONFIG_KEY_SIZE], quoted[CONFIG_QUOTE_SIZE];
	struct config_token name;

	if (!take_name(cursor, in, &name)) {
		fail_key(cursor, in);
		return;
	}
	config_key(key, "%s%s%.*s", in->key, in->key[0] ? "." : "", (int)name.length, name.at);
	config_cursor_look_for_lost(cursor, in, &name, key);
	if (!take_equals(cursor, &name, key))
		return;
	config_cursor_keep_name(cursor, in, &name, key);
	if (cursor->over)
		return;
	cursor->name_line = name.line;
	take_value(cursor, in, key);
	if (!cursor->over && cursor->token.kind == CONFIG_TOKEN_NAME &&
	    config_cursor_after(cursor).kind == CONFIG_TOKEN_SEMICOLON) {
		config_cursor_fail(cursor, cursor->token.line, key, "has %s behind its value",
				   config_cursor_quote(&cursor->token, quoted));
		config_cursor_next(cursor);
	}
	if (!cursor->over && (cursor->token.kind == CONFIG_TOKEN_SEMICOLON ||
			      cursor->token.kind == CONFIG_TOKEN_COMMA))
		config_cursor_next(cursor);
	if (!in->bracket) {
		strcpy(cursor->closed_group, key);
	}
}

/* The settings of a group and its bracket, or of the whole file. */
static void take_settings(struct config_cursor *cursor, const struct config_opening *in)
{
	while (!cursor->over && cursor->token.kind != CONFIG_TOKEN_END &&
	       cursor->token.kind != CONFIG_TOKEN_CLOSE)
		take_setting(cursor, in);
	cursor->nr_names = in->first_name;
	if (cursor->over)
		return;
	if (in->bracket && *cursor->token.at != '}') {
		config_cursor_fail_unclosed(cursor, in);
	} else if (in->bracket) {
		config_cursor_next(cursor);
	} else if (cursor->token.kind == CONFIG_TOKEN_CLOSE) {
		config_cursor_fail(cursor, cursor->token.line, NULL,
				   "there is no open bracket for this %c%s%s", *cursor->token.at,
				   cursor->closed_group[0] ? "; the last group was " : "",
				   cursor->closed_group);
		cursor->over = true;
	}
}

static void take_bracket(struct config_cursor *cursor, const struct config_opening *outer,
			 const char *key)
{
	struct config_opening in = {.bracket = *cursor->token.at,
				    .line = cursor->token.line,
				    .key = key,
				    .first_name = cursor->nr_names,
				    .outer = outer};

	if (cursor->depth == CONFIG_DEPTH_MAX) {
		config_cursor_fail(cursor, in.line, key, "stands in too many groups and lists");
		cursor->over = true;
		return;
	}
	cursor->depth++;
	if (in.bracket == '[')
		cursor->syntax->text[cursor->token.at - cursor->text] = '(';
	config_cursor_next(cursor);
	if (in.bracket == '{')
		take_settings(cursor, &in);
	else
		take_items(cursor, &in);
	cursor->depth--;
}

/* A key, but nothing for it; of a group the brace may be missing. */
static void fail_empty(struct config_cursor *cursor, const char *key)
{
	bool group = config_cursor_is_known(key) && config_option_find(key) < 0;

	config_cursor_fail(cursor, cursor->name_line, key, group ? "has no {" : "has no value");
	cursor->over |= group;
}

static void take_value(struct config_cursor *cursor, const struct config_opening *in,
		       const char *key)
{
	switch (cursor->token.kind) {
	case CONFIG_TOKEN_STRING:
		take_string(cursor, in, key);
		break;
	case CONFIG_TOKEN_BOOL:
	case CONFIG_TOKEN_INTEGER:
	case CONFIG_TOKEN_FLOAT:
		take_number(cursor, key);
		break;
	case CONFIG_TOKEN_OPEN:
		take_bracket(cursor, in, key);
		break;
	case CONFIG_TOKEN_NAME:
		if (config_cursor_after(cursor).kind == CONFIG_TOKEN_EQUALS)
			fail_empty(cursor, key);
		else
			config_cursor_fail_word(cursor, key);
		break;
	case CONFIG_TOKEN_STRAY:
		config_cursor_fail_word(cursor, key);
		break;
	default:
		if (!config_cursor_fail_open(cursor, key))
			fail_empty(cursor, key);
	}
}

/* Reports and goes over the mark that some editors put before a text in UTF-8. */
static void fail_mark(struct config_cursor *cursor)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (strncmp(cursor->scan.at, mark, strlen(mark)) != 0)
		return;
	config_cursor_fail(cursor, 1, NULL,
			   "the file begins with a byte order mark: save it without");
	cursor->scan.at += strlen(mark);
}

int config_syntax_read(struct config_reading *reading, const char *text,
		       struct config_syntax *ret_syntax)
{
	struct config_syntax syntax = {0};
	struct config_cursor cursor = {
		.reading = reading, .syntax = &syntax, .text = text, .scan = {text, 1}};
	const struct config_opening file = {.key = ""};
	size_t bytes = strlen(text);

	/* A comment in a line without an end is none for libconfig. */
	syntax.text = malloc(bytes + 2);
	if (!syntax.text) {
		reading->no_memory = true;
		return -ENOMEM;
	}
	memcpy(syntax.text, text, bytes);
	strcpy(syntax.text + bytes, "\n");
	fail_mark(&cursor);
	config_cursor_next(&cursor);
	take_settings(&cursor, &file);
	free(cursor.names);
	if (reading->no_memory || cursor.errors > 0) {
		config_syntax_free(&syntax);
		return reading->no_memory ? -ENOMEM : -EINVAL;
	}
	*ret_syntax = syntax;
	return 0;
}

void config_syntax_free(struct config_syntax *syntax)
{
	free(syntax->text);
	free(syntax->literals);
}
