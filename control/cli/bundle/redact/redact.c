/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/bundle/redact/redact.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bundle/redact/pseudonyms.h"

#define ADDRESS_LETTERS "0123456789abcdefABCDEF:."

/* Fields of logs: what they hold comes from the program, the kernel or the configuration. */
static const char *const log_keys[] = {
	"bpf_dir",   "code",	  "directory",	"error",   "file",    "free_mib", "hook",
	"hugepages", "interface", "key",	"link",	   "missing", "mode",	  "mtu",
	"mtu_max",   "name",	  "needed_mib", "needs",   "pid",     "queue",	  "queues",
	"refused",   "run_dir",	  "seq",	"setting", "since",   "socket",	  "state_dir",
	"status",    "table",	  "waited_ms",	"workers",
};

static const char metrics_form[] = "^(# (HELP|TYPE) sallyport_[a-z_]+ .*"
				   "|sallyport_[a-z_]+"
				   "(\\{((address|edge|engine|interface|member|pool|queue|state|"
				   "verdict|version)=\"[^\"\\]*\",?)*\\})?"
				   " [-+.0-9eE]+)$";

/* Reads an address, which may be IPv4 written as IPv6. */
static bool parse_address(const char *text, struct sp_addr *ret_addr)
{
	struct in6_addr v6;

	if (addr_parse(text, ret_addr) == 0)
		return true;
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return false;
	memcpy(ret_addr, &v6, sizeof(*ret_addr));
	return true;
}

/* Result: whether what begins here does not belong to the address before it. */
static bool ends_address(const char *text)
{
	return !isalnum((unsigned char)text[0]) &&
	       !(text[0] == '.' && isdigit((unsigned char)text[1]));
}

/* Result: how many characters at text are an address, 0 if there is none. */
static size_t find_address(const char *text, struct sp_addr *ret_addr)
{
	size_t len = strspn(text, ADDRESS_LETTERS);
	char word[ADDR_TEXT_BYTES];

	if (len >= sizeof(word))
		len = sizeof(word) - 1;
	if (!memchr(text, '.', len) && !memchr(text, ':', len))
		return 0;
	for (; len > 1; len--) {
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (ends_address(text + len) && parse_address(word, ret_addr))
			return len;
	}
	return 0;
}

/* Result: how many characters at text are within quotes, and the quotes; 0: none open here. */
static size_t find_quoted(const char *text)
{
	size_t len;

	if (text[0] != '"')
		return 0;
	len = 1 + strcspn(text + 1, "\"");
	return text[len] ? len + 1 : len;
}

/* Looked for wherever no number goes on: a letter before it does not hide an address. */
static void write_renamed(struct pseudonyms *pseudonyms, const char *text, size_t len, FILE *out)
{
	char name[PSEUDONYM_BYTES], before = ' ';
	const char *end = text + len;
	struct sp_addr addr;

	while (text < end) {
		size_t found = isdigit((unsigned char)before) ? 0 : find_address(text, &addr);

		if (found)
			fputs(redact_pseudonyms_address(pseudonyms, &addr, name), out);
		else
			fputc(text[0], out);
		before = text[found ? found - 1 : 0];
		text += found ? found : 1;
	}
}

/* What stands in quotes is somebody's own word. */
static void write_sentence(struct pseudonyms *pseudonyms, const char *text, FILE *out)
{
	while (*text) {
		size_t len = strcspn(text, "\""), quoted;

		write_renamed(pseudonyms, text, len, out);
		text += len;
		quoted = find_quoted(text);
		if (quoted)
			fputs(REDACT_LEFT_OUT, out);
		text += quoted;
	}
}

char *redact_sentence(struct pseudonyms *pseudonyms, const char *text)
{
	char *result = NULL;
	size_t bytes;
	FILE *out = open_memstream(&result, &bytes);

	if (!out)
		return NULL;
	write_sentence(pseudonyms, text, out);
	if (fclose(out) == 0)
		return result;
	free(result);
	return NULL;
}

/* Result: whether a quote opens at word[i]; an apostrophe stands behind a letter. */
static bool opens_quote(const char *word, size_t i)
{
	return word[i] == '"' ||
	       (word[i] == '\'' && (i == 0 || !isalnum((unsigned char)word[i - 1])));
}

/* Result: where the word ends that begins at text; blanks within quotes are part of it. */
static size_t word_length(const char *text, bool *ret_quoted)
{
	char quote = '\0';
	size_t i;

	*ret_quoted = false;
	for (i = 0; text[i] && (quote || !isspace((unsigned char)text[i])); i++) {
		if (quote && text[i] == '\\' && text[i + 1]) {
			i++;
		} else if (quote && text[i] == quote) {
			quote = '\0';
		} else if (!quote && opens_quote(text, i)) {
			quote = text[i];
			*ret_quoted = true;
		}
	}
	return i;
}

static bool is_harmless_field(const char *word)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < sizeof(log_keys) / sizeof(log_keys[0]); i++)
		if (strlen(log_keys[i]) == len && memcmp(log_keys[i], word, len) == 0)
			return true;
	return false;
}

static void write_word(struct pseudonyms *pseudonyms, const char *word, bool quoted, FILE *out)
{
	size_t key = strspn(word, "abcdefghijklmnopqrstuvwxyz_");
	bool field = key > 0 && word[key] == '=';

	if (field ? is_harmless_field(word)
		  : !quoted && !strpbrk(word, "=@") && !strstr(word, "://"))
		write_renamed(pseudonyms, word, strlen(word), out);
	else
		fprintf(out, "%.*s" REDACT_LEFT_OUT, field ? (int)key + 1 : 0, word);
}

char *redact_log(struct pseudonyms *pseudonyms, const char *text)
{
	char *result = NULL, *word;
	size_t bytes, len;
	FILE *out = open_memstream(&result, &bytes);
	bool whole = out, quoted;

	while (whole && *text) {
		for (; isspace((unsigned char)*text); text++)
			fputc(*text, out);
		len = word_length(text, &quoted);
		word = strndup(text, len);
		whole = word;
		if (word)
			write_word(pseudonyms, word, quoted, out);
		free(word);
		text += len;
	}
	if (out && fclose(out) == 0 && whole)
		return result;
	free(result);
	return NULL;
}

static void write_metrics(const regex_t *form, const char *text, FILE *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = strndup(text, len);

		if (line && regexec(form, line, 0, NULL, 0) == 0)
			fprintf(out, "%s\n", line);
		else
			fputs("# " REDACT_LEFT_OUT "\n", out);
		free(line);
		text += len + (text[len] == '\n');
	}
}

char *redact_metrics(const char *text)
{
	char *result = NULL;
	size_t bytes;
	regex_t form;
	FILE *out;

	if (regcomp(&form, metrics_form, REG_EXTENDED | REG_NOSUB) != 0)
		return NULL;
	out = open_memstream(&result, &bytes);
	if (out)
		write_metrics(&form, text, out);
	regfree(&form);
	if (out && fclose(out) == 0)
		return result;
	free(result);
	return NULL;
}
