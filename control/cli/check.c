/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport check and show --config: what a configuration says, and what a reload makes of it. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check/outside.h"
#include "cli/fetch.h"
#include "cli/talk/fail.h"
#include "cli/talk/talk.h"
#include "host/config.h"

static enum cli_exit load(const char *path, struct config **ret_config)
{
	struct config_errors errors = {0};
	enum cli_exit code = CLI_EXIT_OK;

	if (config_load(path, ret_config, &errors) < 0)
		code = talk_fail_config(&errors);
	config_errors_free(&errors);
	return code;
}

/* Result: an option as a configuration has it, lines of KEY = VALUE, to be freed; or NULL. */
static char *print_key(const struct config *config, const char *key)
{
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	if (!stream)
		return NULL;
	config_print_key(config, key, stream);
	fclose(stream);
	return text;
}

/* Result: whether text has such a line, of length bytes without its end. */
static bool has_line(const char *text, const char *line, size_t length)
{
	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && (at[length] == '\n' || !at[length]))
			return true;
	return false;
}

/* Prints the lines that other has not. */
static void print_lines(char mark, const char *lines, const char *other)
{
	char *copy = lines ? strdup(lines) : NULL;

	for (char *line = copy ? strtok(copy, "\n") : NULL; line; line = strtok(NULL, "\n"))
		if (!other || !has_line(other, line, strlen(line)))
			printf("%c %s\n", mark, line);
	free(copy);
}

static const char *verdict_of(const struct config_changes *changes)
{
	if (changes->nr == 0)
		return "nothing differs";
	return config_can_reload(changes)
		       ? "a reload applies this"
		       : "a reload would apply nothing of this: restart sallyportd";
}

/* What of a change concerns builds that are open; outside is NULL where nothing is known. */
static void print_outside(const struct check_outside *outside)
{
	if (outside && outside->networks)
		printf("open builds that lead outside builds.networks then, and stay until they "
		       "end: %u\n",
		       outside->networks);
	if (outside && outside->ports)
		printf("open builds that keep a public port which is none then, until they end: "
		       "%u\n",
		       outside->ports);
	if (outside && outside->ending)
		printf("open builds that end, since their public address is none then: %u\n",
		       outside->ending);
}

static json_t *make_outside(const struct check_outside *outside)
{
	if (!outside)
		return json_null();
	return json_pack("{s:i, s:i, s:i}", "outside_networks", outside->networks, "outside_ports",
			 outside->ports, "ending", outside->ending);
}

static void print_text(const struct config *before, const struct config *after,
		       const struct config_changes *changes, const struct check_outside *outside)
{
	for (unsigned int i = 0; i < changes->nr; i++) {
		const struct config_change *change = &changes->change[i];
		char *old = print_key(before, change->key), *new = print_key(after, change->key);

		printf("%s: %s\n", change->key, config_apply_name(change->apply));
		print_lines('-', old, new);
		print_lines('+', new, old);
		free(old);
		free(new);
	}
	print_outside(outside);
	puts(verdict_of(changes));
}

static void print_json(const struct config *before, const struct config *after,
		       const struct config_changes *changes, const struct check_outside *outside)
{
	json_t *list = json_array(), *answer;

	for (unsigned int i = 0; i < changes->nr; i++) {
		const struct config_change *change = &changes->change[i];
		char *old = print_key(before, change->key), *new = print_key(after, change->key);

		json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:s?}", "key", change->key,
						      "needs", config_apply_name(change->apply),
						      "before", old, "after", new));
		free(old);
		free(new);
	}
	answer = json_pack("{s:o, s:o, s:b, s:s}", "changes", list, "builds", make_outside(outside),
			   "reload", config_can_reload(changes), "says", verdict_of(changes));
	json_dumpf(answer, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(answer);
}

/* Result: whether builds can be outside after a change. */
static bool may_leave_outside(const struct config_changes *changes)
{
	for (unsigned int i = 0; i < changes->nr; i++)
		if (strcmp(changes->change[i].key, "builds.networks") == 0 ||
		    strcmp(changes->change[i].key, "public.addresses") == 0)
			return true;
	return false;
}

/* Asks the sallyportd that goes by before. Result: CLI_EXIT_OK and *ret_outside. */
static enum cli_exit count_outside(struct cli *cli, const struct config *before,
				   const struct config *after, struct check_outside *ret_outside)
{
	enum cli_exit code = talk_use_socket(cli, before->api.socket);
	json_t *builds;

	if (code != CLI_EXIT_OK)
		return code;
	builds = json_array();
	if (!builds)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	code = cli_fetch_all(cli, builds);
	if (code == CLI_EXIT_OK)
		check_outside_count(builds, before, after, ret_outside);
	json_decref(builds);
	return code;
}

static void print_changes(struct cli *cli, const struct config *before, const struct config *after,
			  const struct config_changes *changes)
{
	const struct check_outside *known = NULL;
	struct check_outside outside;

	/* Why it is not known was said; what the files say stands. */
	if (may_leave_outside(changes) &&
	    count_outside(cli, before, after, &outside) == CLI_EXIT_OK)
		known = &outside;
	(cli->json ? print_json : print_text)(before, after, changes, known);
}

static enum cli_exit compare(struct cli *cli, const struct config *after)
{
	char running[CONFIG_PATH_SIZE + sizeof("/" CONFIG_RUNNING_NAME)];
	struct config_errors errors = {0};
	struct config_changes changes;
	struct config *before;
	int r;

	snprintf(running, sizeof(running), "%s/" CONFIG_RUNNING_NAME, after->edge.run_dir);
	r = config_load(running, &before, &errors);
	config_errors_free(&errors);
	if (r == -EACCES)
		return talk_fail(CLI_EXIT_PERMISSION, "%s is for root", running);
	if (r < 0)
		return talk_fail(
			CLI_EXIT_UNREACHABLE,
			"there is no %s: no sallyportd with this edge.run_dir runs, or its "
			"file was changed while it began",
			running);
	config_diff(before, after, &changes);
	print_changes(cli, before, after, &changes);
	config_free(before);
	return config_can_reload(&changes) ? CLI_EXIT_OK : CLI_EXIT_CONFLICT;
}

enum cli_exit cli_check(struct cli *cli)
{
	const char *path = cli->operand ? cli->operand : CONFIG_DEFAULT_PATH;
	struct config *config;
	enum cli_exit code = load(path, &config);

	if (code != CLI_EXIT_OK)
		return code;
	if (talk_option(cli, "--diff"))
		code = compare(cli, config);
	else if (!cli->json)
		printf("%s: nothing is wrong\n", path);
	config_free(config);
	return code;
}

/* Splits "KEY = VALUE  # SOURCE", one a line. lines is written to. */
static json_t *make_options(char *lines)
{
	json_t *options = json_array();

	for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
		char *value = strstr(line, " = "), *source = strstr(line, "  # "), *next;

		if (!value || !source)
			continue;
		while ((next = strstr(source + 1, "  # ")))
			source = next;
		*value = *source = '\0';
		json_array_append_new(options, json_pack("{s:s, s:s, s:s}", "key", line, "value",
							 value + 3, "source", source + 4));
	}
	return options;
}

enum cli_exit cli_check_show(struct cli *cli)
{
	const char *path = cli->operand ? cli->operand : CONFIG_DEFAULT_PATH;
	struct config_errors errors = {0};
	enum cli_exit code = CLI_EXIT_OK;
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	json_t *options;
	int r;

	if (!stream)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	r = config_print_file(path, stream, &errors);
	fclose(stream);
	if (r < 0) {
		code = talk_fail_config(&errors);
	} else if (cli->json) {
		options = json_pack("{s:o}", "options", make_options(text));
		json_dumpf(options, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(options);
	} else {
		fputs(text, stdout);
	}
	config_errors_free(&errors);
	free(text);
	return code;
}
