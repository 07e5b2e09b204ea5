/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the reading of a text stands, what it keeps, and what it says of a slip. */
#include "host/config_cursor.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void config_cursor_fail(struct config_cursor *cursor, unsigned int line, const char *key,
			const char *format, ...)
{
	char problem[CONFIG_PROBLEM_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(problem, sizeof(problem), format, arguments);
	va_end(arguments);
	config_reading_fail(cursor->reading, line, key && key[0] ? key : NULL, "%s", problem);
	cursor->errors++;
}

void config_cursor_next(struct config_cursor *cursor)
{
	cursor->token = config_token_next(&cursor->scan);
}

struct config_token config_cursor_after(const struct config_cursor *cursor)
{
	struct config_scan scan = cursor->scan;

	return config_token_next(&scan);
}

bool config_cursor_is_value(enum config_token_kind kind)
{
	return kind == CONFIG_TOKEN_BOOL || kind == CONFIG_TOKEN_INTEGER ||
	       kind == CONFIG_TOKEN_FLOAT || kind == CONFIG_TOKEN_STRING;
}

char config_cursor_closer(char bracket)
{
	return bracket == '{' ? '}' : bracket == '(' ? ')' : ']';
}

/* Result: a token for people: a text as it stands, else in quotes; cut if it is long. */
static const char *quote_at(const char *at, size_t length, char ret_text[CONFIG_QUOTE_SIZE])
{
	char raw[CONFIG_QUOTE_SIZE / 4];

	snprintf(raw, sizeof(raw), "%.*s", (int)(length < 60 ? length : 60), at);
	return config_quote(raw, ret_text);
}

const char *config_cursor_quote(const struct config_token *token, char ret_text[CONFIG_QUOTE_SIZE])
{
	size_t inner = token->kind == CONFIG_TOKEN_STRING ? 1 : 0;

	return quote_at(token->at + inner, token->length - 2 * inner, ret_text);
}

/* Takes what somebody would call a word, whatever tokens that is. Result: it, in quotes. */
static const char *take_word(struct config_cursor *cursor, char ret_text[CONFIG_QUOTE_SIZE])
{
	size_t length = config_word_length(cursor->token.at);

	if (length < cursor->token.length)
		length = cursor->token.length;
	quote_at(cursor->token.at, length, ret_text);
	cursor->scan.at = cursor->token.at + length;
	config_cursor_next(cursor);
	return ret_text;
}

/* Goes on behind the next semicolon, or in the next line, or at a bracket that closes. */
void config_cursor_skip(struct config_cursor *cursor)
{
	unsigned int line = cursor->token.line;
	enum config_token_kind kind;

	do {
		kind = cursor->token.kind;
		if (kind == CONFIG_TOKEN_CLOSE || kind == CONFIG_TOKEN_END ||
		    kind == CONFIG_TOKEN_OPEN_STRING || kind == CONFIG_TOKEN_OPEN_COMMENT)
			return;
		config_cursor_next(cursor);
	} while (kind != CONFIG_TOKEN_SEMICOLON && cursor->token.line == line);
}

/* Texts and comments without an end: nothing behind them can be trusted. */
bool config_cursor_fail_open(struct config_cursor *cursor, const char *key)
{
	const struct config_token *token = &cursor->token;

	if (token->kind == CONFIG_TOKEN_OPEN_STRING)
		config_cursor_fail(
			cursor, token->line, key,
			"the closing quote is missing: a text ends in the line that it begins in");
	else if (token->kind == CONFIG_TOKEN_OPEN_COMMENT)
		config_cursor_fail(cursor, token->line, NULL,
				   "the comment is never closed: */ is missing");
	else
		return false;
	cursor->over = true;
	return true;
}

/* A bracket that is still open where something else is. */
void config_cursor_fail_unclosed(struct config_cursor *cursor, const struct config_opening *in)
{
	const struct config_token *token = &cursor->token;
	char quoted[CONFIG_QUOTE_SIZE], before[CONFIG_QUOTE_SIZE + 40] = "";
	char closer = config_cursor_closer(in->bracket);
	bool closed = token->kind == CONFIG_TOKEN_CLOSE;
	const struct config_opening *outer = in->outer;

	cursor->over = true;
	while (closed && outer->bracket && config_cursor_closer(outer->bracket) != *token->at)
		outer = outer->outer;
	if (closed && !outer->bracket) {
		config_cursor_fail(cursor, token->line, in->key,
				   in->bracket == '{' ? "there is no open bracket for this %c; the "
							"%c of line %u is open"
						      : "it ends with %c, but begins with the %c "
							"of line %u",
				   *token->at, in->bracket, in->line);
		return;
	}
	if (token->kind == CONFIG_TOKEN_END && cursor->lost_group[0]) {
		snprintf(before, sizeof(before), ", probably before %.*s in line %u",
			 (int)(cursor->lost_name.length < 60 ? cursor->lost_name.length : 60),
			 cursor->lost_name.at, cursor->lost_name.line);
		config_cursor_fail(cursor, in->line, cursor->lost_group,
				   "its { is never closed: a } is missing%s", before);
		return;
	}
	if (token->kind != CONFIG_TOKEN_END)
		snprintf(before, sizeof(before), " before %s in line %u",
			 config_cursor_quote(token, quoted), token->line);
	config_cursor_fail(cursor, in->line, in->key, "its %c is never closed: a %c is missing%s",
			   in->bracket, closer, before);
}

void config_cursor_keep_literal(struct config_cursor *cursor)
{
	struct config_syntax *syntax = cursor->syntax;
	const struct config_token *token = &cursor->token;
	unsigned int nr = syntax->nr_literals;
	struct config_literal *grown;
	char *copy = syntax->text + (token->at - cursor->text);

	/* Doubled at powers of two. */
	if ((nr & (nr - 1)) == 0) {
		grown = realloc(syntax->literals, (nr ? 2 * (size_t)nr : 1) * sizeof(*grown));
		if (!grown) {
			cursor->reading->no_memory = cursor->over = true;
			return;
		}
		syntax->literals = grown;
	}
	syntax->literals[syntax->nr_literals++] = (struct config_literal){
		.at = token->at,
		.length = token->length,
		.line = token->line,
		.number = token->kind == CONFIG_TOKEN_INTEGER ? config_token_number(token) : 0,
	};
	if (token->kind == CONFIG_TOKEN_INTEGER) {
		memset(copy, ' ', token->length);
		*copy = '0';
	}
}

/* A key may stand in a group once. */
void config_cursor_keep_name(struct config_cursor *cursor, const struct config_opening *in,
			     const struct config_token *name, const char *key)
{
	struct config_token *grown;

	for (unsigned int i = in->first_name; i < cursor->nr_names; i++) {
		const struct config_token *other = &cursor->names[i];

		if (other->length != name->length || memcmp(other->at, name->at, name->length) != 0)
			continue;
		config_cursor_fail(cursor, name->line, key, "is given twice, first in line %u",
				   other->line);
		return;
	}
	if (cursor->nr_names - in->first_name >= CONFIG_KEYS_MAX) {
		config_cursor_fail(cursor, name->line, in->key, "there are more than %u keys",
				   CONFIG_KEYS_MAX);
		cursor->over = true;
		return;
	}
	if ((cursor->nr_names & (cursor->nr_names - 1)) == 0) {
		size_t room = cursor->nr_names ? 2 * (size_t)cursor->nr_names : 1;

		grown = realloc(cursor->names, room * sizeof(*grown));
		if (!grown) {
			cursor->reading->no_memory = cursor->over = true;
			return;
		}
		cursor->names = grown;
	}
	cursor->names[cursor->nr_names++] = *name;
}

bool config_cursor_is_known(const char *key)
{
	size_t length = strlen(key);

	for (const struct config_option *option = config_options; option->key; option++)
		if (strncmp(option->key, key, length) == 0 &&
		    (option->key[length] == '.' || option->key[length] == '\0'))
			return true;
	return false;
}

/* Remembers the first key that belongs not where it stands, but in a group around. */
void config_cursor_look_for_lost(struct config_cursor *cursor, const struct config_opening *in,
				 const struct config_token *name, const char *key)
{
	char outer_key[CONFIG_KEY_SIZE];

	if (cursor->lost_group[0] || config_cursor_is_known(key) || strchr(in->key, '['))
		return;
	for (const struct config_opening *outer = in->outer; outer; outer = outer->outer) {
		config_key(outer_key, "%s%s%.*s", outer->key, outer->key[0] ? "." : "",
			   (int)name->length, name->at);
		if (!config_cursor_is_known(outer_key))
			continue;
		strcpy(cursor->lost_group, in->key);
		cursor->lost_name = *name;
		return;
	}
}

static bool is_bool(const char *key)
{
	int index = config_option_find(key);

	return index >= 0 && config_options[index].type == CONFIG_BOOL;
}

static bool is_number(const char *key)
{
	int index = config_option_find(key);

	return index >= 0 && (config_options[index].type == CONFIG_INTEGER ||
			      config_options[index].type == CONFIG_UID);
}

/* A number with something behind it, of an option that takes a number; word is in quotes. */
static void fail_unit(struct config_cursor *cursor, unsigned int line, const char *key,
		      const char *word)
{
	const struct config_option *option = &config_options[config_option_find(key)];
	char plain[CONFIG_QUOTE_SIZE], meant[CONFIG_QUOTE_SIZE];

	snprintf(plain, sizeof(plain), "%.*s", (int)strlen(word) - 2, word + 1);
	if (!option->unit)
		config_cursor_fail(cursor, line, key,
				   "%s is no whole number: digits alone, without a unit", plain);
	else if (!config_meant(option, plain, meant))
		config_cursor_fail(cursor, line, key,
				   "%s is no whole number of %s: digits alone, without a unit",
				   plain, option->unit);
	else
		config_cursor_fail(cursor, line, key,
				   "%s is no whole number of %s: digits alone, without a unit; did "
				   "you mean %s?",
				   plain, option->unit, meant);
}

void config_cursor_fail_word(struct config_cursor *cursor, const char *key)
{
	char quoted[CONFIG_QUOTE_SIZE], first = *cursor->token.at;
	unsigned int line = cursor->token.line;
	const char *word = take_word(cursor, quoted);
	size_t length = strlen(word);
	bool number = (first >= '0' && first <= '9') || first == '-' || first == '+';

	if (is_bool(key))
		config_cursor_fail(cursor, line, key, "%s is neither true nor false", word);
	else if (ispunct((unsigned char)first) && !strchr("'/.-+_", first))
		config_cursor_fail(cursor, line, key, "%s is no value", word);
	else if (length > 2 && word[length - 2] == '"')
		config_cursor_fail(cursor, line, key, "the opening quote is missing before %.*s",
				   (int)strcspn(word + 1, "\\\""), word + 1);
	else if (first == '\'' || (unsigned char)first >= 0x80)
		config_cursor_fail(cursor, line, key,
				   "a text stands in double quotes, such as \"eth0\"");
	else if (number && is_number(key))
		fail_unit(cursor, line, key, word);
	else if (number)
		config_cursor_fail(cursor, line, key,
				   "%.*s is no number; a text stands in quotes: %s",
				   (int)(length - 2), word + 1, word);
	else
		config_cursor_fail(cursor, line, key, "a text stands in quotes: %s", word);
}
