/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of a file, with libconfig's own ideas of what one is: the longest match wins. Pure. */
#include "host/config_syntax.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

static size_t digits(const char *at)
{
	return strspn(at, "0123456789");
}

/* Result: how long an exponent is, or 0. */
static size_t exponent(const char *at)
{
	size_t length = 1;

	if (*at != 'e' && *at != 'E')
		return 0;
	length += at[1] == '+' || at[1] == '-';
	return digits(at + length) ? length + digits(at + length) : 0;
}

/* Result: how long a whole number is, with its Ls, or 0. */
static size_t integer_length(const char *at)
{
	size_t length = *at == '+' || *at == '-', number = digits(at + length);

	if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && isxdigit((unsigned char)at[2]))
		length = 2 + strspn(at + 2, "0123456789abcdefABCDEF");
	else if (number == 0)
		return 0;
	else
		length += number;
	if (at[length] == 'L')
		length += at[length + 1] == 'L' ? 2 : 1;
	return length;
}

/* Result: how long a decimal number is, or 0; a dot alone is one. */
static size_t float_length(const char *at)
{
	size_t sign = *at == '+' || *at == '-', whole = digits(at + sign), length = sign + whole;

	if (at[length] == '.') {
		length++;
		length += digits(at + length);
		return length + exponent(at + length);
	}
	return whole && exponent(at + length) ? length + exponent(at + length) : 0;
}

static bool is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == '*';
}

static size_t name_length(const char *at)
{
	size_t length = 0;

	if (is_name_start(*at))
		while (isalnum((unsigned char)at[length]) ||
		       (at[length] && strchr("-_*", at[length])))
			length++;
	return length;
}

/* Result: whether it is closed in its line; *ret_length has both quotes, or goes to the line's end.
 */
static bool string_length(const char *at, size_t *ret_length)
{
	size_t length = 1;

	while (at[length] && at[length] != '"' && at[length] != '\n') {
		if (at[length] == '\\' && (at[length + 1] == '"' || at[length + 1] == '\\'))
			length++;
		length++;
	}
	*ret_length = length + (at[length] == '"');
	return at[length] == '"';
}

/* Goes over spaces and comments. Result: false at a comment without an end. */
static bool skip_blanks(struct config_scan *scan)
{
	for (;;) {
		if (*scan->at == '\n') {
			scan->line++;
			scan->at++;
		} else if (*scan->at && strchr(" \t\r\f", *scan->at)) {
			scan->at++;
		} else if (*scan->at == '#' || strncmp(scan->at, "//", 2) == 0) {
			scan->at += strcspn(scan->at, "\n");
		} else if (strncmp(scan->at, "/*", 2) == 0) {
			const char *end = strstr(scan->at + 2, "*/");

			if (!end)
				return false;
			for (; scan->at < end + 2; scan->at++)
				scan->line += *scan->at == '\n';
		} else {
			return true;
		}
	}
}

static enum config_token_kind kind_of_mark(char mark)
{
	switch (mark) {
	case '\0':
		return CONFIG_TOKEN_END;
	case '=':
	case ':':
		return CONFIG_TOKEN_EQUALS;
	case '{':
	case '(':
	case '[':
		return CONFIG_TOKEN_OPEN;
	case '}':
	case ')':
	case ']':
		return CONFIG_TOKEN_CLOSE;
	case ',':
		return CONFIG_TOKEN_COMMA;
	case ';':
		return CONFIG_TOKEN_SEMICOLON;
	default:
		return CONFIG_TOKEN_STRAY;
	}
}

static bool is_bool(const char *at, size_t length)
{
	return (length == 4 && strncasecmp(at, "true", 4) == 0) ||
	       (length == 5 && strncasecmp(at, "false", 5) == 0);
}

static void classify(struct config_token *token)
{
	size_t whole = integer_length(token->at), decimal = float_length(token->at);

	if (*token->at == '"') {
		token->kind = string_length(token->at, &token->length) ? CONFIG_TOKEN_STRING
								       : CONFIG_TOKEN_OPEN_STRING;
	} else if (is_name_start(*token->at)) {
		token->length = name_length(token->at);
		token->kind =
			is_bool(token->at, token->length) ? CONFIG_TOKEN_BOOL : CONFIG_TOKEN_NAME;
	} else if (whole > 0 || decimal > 0) {
		token->length = whole > decimal ? whole : decimal;
		token->kind = whole > decimal ? CONFIG_TOKEN_INTEGER : CONFIG_TOKEN_FLOAT;
	} else {
		token->length = *token->at != '\0';
		token->kind = kind_of_mark(*token->at);
	}
}

struct config_token config_token_next(struct config_scan *scan)
{
	bool blank = skip_blanks(scan);
	struct config_token token = {.at = scan->at, .line = scan->line};

	if (blank) {
		classify(&token);
		scan->at += token.length;
	} else {
		token.kind = CONFIG_TOKEN_OPEN_COMMENT;
		token.length = 2;
	}
	return token;
}

size_t config_word_length(const char *at)
{
	size_t length = 0;

	while (at[length] && !strchr(" \t\r\f\n,;(){}[]=#\"", at[length]) &&
	       strncmp(at + length, "//", 2) != 0 && strncmp(at + length, "/*", 2) != 0)
		length++;
	return length + (length > 0 && at[length] == '"');
}

int64_t config_token_number(const struct config_token *token)
{
	const char *at = token->at;
	bool negative = *at == '-';
	unsigned int base = 10;
	uint64_t number = 0;

	at += negative || *at == '+';
	if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
		base = 16;
		at += 2;
	}
	for (; at < token->at + token->length && *at != 'L'; at++) {
		unsigned char c = (unsigned char)*at;
		unsigned int digit = isdigit(c) ? c - 48u : 10u + (unsigned int)tolower(c) - 97u;

		if (number > ((uint64_t)INT64_MAX - digit) / base)
			return negative ? INT64_MIN : INT64_MAX;
		number = number * base + digit;
	}
	return negative ? -(int64_t)number : (int64_t)number;
}
