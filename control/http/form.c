/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/form.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "http/target.h"

#define TOKEN_CHARACTERS HTTP_LETTERS HTTP_DIGITS "!#$%&'*+-.^_`|~"

/* What is counted while the headers are gone through. */
struct head {
	unsigned int nr_hosts;
	unsigned int nr_lengths;
	unsigned int nr_codings;
	const char *wrong;
};

static bool is_token(const char *text)
{
	return *text && text[strspn(text, TOKEN_CHARACTERS)] == '\0';
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
			return true;
	return false;
}

static bool is_number(const char *text)
{
	return *text && text[strspn(text, HTTP_DIGITS)] == '\0';
}

static const char *check_header(struct head *head, const char *name, const char *value)
{
	if (!is_token(name))
		return "The name of a header is no word followed by a colon.";
	if (has_control(value))
		return "The value of a header has a control character.";
	if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) {
		head->nr_hosts++;
		return http_target_is_host(value) ? NULL : "Host is no HOST or HOST:PORT.";
	}
	if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
		head->nr_lengths++;
		return is_number(value) ? NULL : "Content-Length is no number.";
	}
	if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
		head->nr_codings++;
		return strcasecmp(value, "chunked") == 0 ? NULL
							 : "Transfer-Encoding may only be "
							   "chunked.";
	}
	return NULL;
}

static enum MHD_Result look_at_header(void *cursor, enum MHD_ValueKind kind, const char *name,
				      const char *value)
{
	struct head *head = cursor;

	head->wrong = check_header(head, name, value ? value : "");
	return head->wrong ? MHD_NO : MHD_YES;
}

const char *http_form_check(struct MHD_Connection *connection, const char *version)
{
	bool old = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
	struct head head = {0};

	MHD_get_connection_values(connection, MHD_HEADER_KIND, look_at_header, &head);
	if (head.wrong)
		return head.wrong;
	if (head.nr_hosts > 1)
		return "There is more than one Host.";
	if (head.nr_hosts == 0 && !old)
		return "HTTP/1.1 needs a Host; any will do.";
	if (head.nr_lengths + head.nr_codings > 1)
		return "Content-Length and Transfer-Encoding say more than once where the body "
		       "ends.";
	if (head.nr_codings && old)
		return "HTTP/1.0 has no Transfer-Encoding.";
	return NULL;
}
