/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/talk/talk.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/talk/fail.h"

const char *talk_option(const struct cli *cli, const char *name)
{
	for (size_t i = cli->nr_given; i > 0; i--) {
		const struct cli_given *given = &cli->given[i - 1];

		if (strcmp(given->option->name, name) == 0)
			return given->value ? given->value : "";
	}
	return NULL;
}

const char *talk_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "-";
}

json_int_t talk_number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

enum cli_exit talk_use_socket(struct cli *cli, const char *socket)
{
	if (cli->socket_given)
		return CLI_EXIT_OK;
	cli->socket = socket;
	return talk_client_move(cli->client, socket) < 0
		       ? talk_fail(CLI_EXIT_REFUSED, "out of memory")
		       : CLI_EXIT_OK;
}

enum cli_exit talk_call(struct cli *cli, const char *method, const char *path, const char *json,
			struct client_answer *ret_answer)
{
	struct client_answer answer;
	enum cli_exit code;
	int r = talk_client_call(cli->client, method, path, json, &answer);

	if (r < 0)
		return talk_fail_call(cli, r);
	if (answer.status >= 200 && answer.status < 300) {
		*ret_answer = answer;
		return CLI_EXIT_OK;
	}
	code = talk_fail_answer(&answer);
	talk_client_answer_clear(&answer);
	return code;
}

/* Result: CLI_EXIT_OK and *ret_json; the answer is left. */
static enum cli_exit read_json(const struct client_answer *answer, json_t **ret_json)
{
	*ret_json = json_loadb(answer->body, answer->body_bytes, 0, NULL);
	return *ret_json ? CLI_EXIT_OK
			 : talk_fail(CLI_EXIT_REFUSED, "the daemon's answer is not JSON");
}

enum cli_exit talk_call_json(struct cli *cli, const char *method, const char *path,
			     const char *json, json_t **ret_json)
{
	struct client_answer answer;
	enum cli_exit code = talk_call(cli, method, path, json, &answer);

	if (code != CLI_EXIT_OK)
		return code;
	*ret_json = NULL;
	if (cli->json)
		fwrite(answer.body, 1, answer.body_bytes, stdout);
	else
		code = read_json(&answer, ret_json);
	talk_client_answer_clear(&answer);
	return code;
}

enum cli_exit talk_ask_json(struct cli *cli, const char *method, const char *path, const char *json,
			    json_t **ret_json)
{
	struct client_answer answer;
	enum cli_exit code = talk_call(cli, method, path, json, &answer);

	if (code != CLI_EXIT_OK)
		return code;
	code = read_json(&answer, ret_json);
	talk_client_answer_clear(&answer);
	return code;
}

enum cli_exit talk_print_path(struct cli *cli, const char *path)
{
	struct client_answer answer;
	enum cli_exit code = talk_call(cli, "GET", path, NULL, &answer);

	if (code != CLI_EXIT_OK)
		return code;
	fwrite(answer.body, 1, answer.body_bytes, stdout);
	talk_client_answer_clear(&answer);
	return CLI_EXIT_OK;
}

enum cli_exit talk_broke_off(struct cli *cli)
{
	return talk_fail(CLI_EXIT_UNREACHABLE, "the %s broke off: the daemon has gone",
			 cli->verb->name);
}

/* answer is cleared, if there is one. */
static enum cli_exit end_stream(struct cli *cli, int r, struct client_answer *answer)
{
	enum cli_exit code = CLI_EXIT_OK;

	if (r < 0)
		return talk_fail_call(cli, r);
	if (answer->status != 200)
		code = talk_fail_answer(answer);
	talk_client_answer_clear(answer);
	return code;
}

enum cli_exit talk_take_lines(struct cli *cli, const char *path,
			      void (*take)(void *context, const char *line), void *context)
{
	struct client_answer answer;
	int r = talk_client_lines(cli->client, path, take, context, &answer);

	if (r == -EPIPE)
		return talk_broke_off(cli);
	return end_stream(cli, r, &answer);
}

enum cli_exit talk_take_bytes(struct cli *cli, const char *path,
			      bool (*take)(void *context, const char *data, size_t bytes),
			      void *context)
{
	struct client_answer answer;
	int r = talk_client_bytes(cli->client, path, take, context, &answer);

	if (r == -ECANCELED)
		return CLI_EXIT_REFUSED;
	if (r == -EPIPE)
		return talk_fail(CLI_EXIT_REFUSED, "the %s ended early: sallyportd stopped",
				 cli->verb->name);
	return end_stream(cli, r, &answer);
}

char *talk_build_path(struct cli *cli, const char *suffix)
{
	char *id = talk_client_escape(cli->client, cli->operand), *path;

	if (!id)
		return NULL;
	if (asprintf(&path, "/v1/builds/%s%s", id, suffix) < 0)
		path = NULL;
	free(id);
	return path;
}

static unsigned long unit_seconds(char unit)
{
	switch (unit) {
	case 'd':
		return 24 * 3600;
	case 'h':
		return 3600;
	case 'm':
		return 60;
	case 's':
	case '\0':
		return 1;
	}
	return 0;
}

int talk_parse_duration(const char *text, unsigned long *ret_s)
{
	unsigned long total = 0;

	if (!*text)
		return -EINVAL;
	while (*text) {
		unsigned long number, unit;
		char *end;

		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		errno = 0;
		number = strtoul(text, &end, 10);
		unit = unit_seconds(*end);
		if (errno || unit == 0 || number > (LONG_MAX - total) / unit)
			return -EINVAL;
		total += number * unit;
		text = *end ? end + 1 : end;
	}
	*ret_s = total;
	return 0;
}

char *talk_read_file(const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(path, "r");
	char *text = NULL;
	size_t space = 0;
	ssize_t bytes;
	int error;

	if (!in)
		return NULL;
	errno = 0;
	bytes = getdelim(&text, &space, '\0', in);
	error = errno;
	if (!is_stdin)
		fclose(in);
	if (bytes >= 0)
		return text;
	free(text);
	errno = error;
	return error ? NULL : strdup("");
}
