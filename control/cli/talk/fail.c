/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/talk/fail.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/talk/exit.h"
#include "cli/talk/print.h"
#include "cli/talk/progress.h"
#include "host/config.h"

#define GROUPS_MAX 256

static bool as_json;
static const char *about;

void talk_fail_as_json(void)
{
	as_json = true;
	talk_progress_be_quiet();
}

void talk_fail_about(const char *build)
{
	about = build;
}

static void print_head(void)
{
	fputs("sallyport: ", stderr);
	if (about) {
		talk_print_text(stderr, about);
		fputs(": ", stderr);
	}
}

/* Prints an error with what tells it from others. It is taken over. */
static enum cli_exit print_json(enum cli_exit code, json_t *error)
{
	const struct exit_row *row = talk_exit_row(code);

	if (!json_object_get(error, "title"))
		json_object_set_new(error, "title", json_string(row->title));
	if (about)
		json_object_set_new(error, "build", json_string(about));
	json_object_set_new(error, "kind", json_string(row->kind));
	json_object_set_new(error, "exit", json_integer(code));
	json_dumpf(error, stderr, JSON_COMPACT);
	fputc('\n', stderr);
	json_decref(error);
	return code;
}

/* Words of the command line need not be UTF-8, as JSON must be. */
static json_t *make_error(char *text)
{
	json_t *error = json_object(), *detail = json_string(text);

	for (char *c = text; !detail && *c; c++)
		if (*c & 0x80)
			*c = '?';
	json_object_set_new(error, "detail", detail ? detail : json_string(text));
	return error;
}

enum cli_exit talk_fail(enum cli_exit code, const char *format, ...)
{
	va_list args;
	char *text;
	int r;

	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0)
		return code;
	talk_progress_end();
	if (as_json) {
		print_json(code, make_error(text));
	} else {
		print_head();
		fprintf(stderr, "%s\n", text);
	}
	free(text);
	return code;
}

enum cli_exit talk_fail_usage(const char *verb, const char *wrong)
{
	talk_fail(CLI_EXIT_USAGE, "%s", wrong);
	if (!as_json)
		fprintf(stderr, "'sallyport help%s%s' says how it is used.\n", verb ? " " : "",
			verb ? verb : "");
	return CLI_EXIT_USAGE;
}

/* Result: whether the detail says it all: the title before a sentence only names its kind. */
static bool is_sentence(const char *detail)
{
	size_t length = strlen(detail);

	return isupper((unsigned char)detail[0]) && strchr(".?", detail[length - 1]);
}

/* An error of the whole has no pointer. */
static void print_error(const json_t *error)
{
	const char *pointer = talk_text(error, "pointer");

	fputs("  ", stderr);
	if (*pointer) {
		talk_print_text(stderr, pointer);
		fputs(": ", stderr);
	}
	talk_print_text(stderr, talk_text(error, "detail"));
	fputc('\n', stderr);
}

static void print_problem(const json_t *problem)
{
	const char *title = talk_text(problem, "title"), *detail = talk_text(problem, "detail");
	const json_t *error;
	size_t i;

	print_head();
	if (!is_sentence(detail)) {
		talk_print_text(stderr, title);
		fputs(": ", stderr);
	}
	talk_print_text(stderr, detail);
	fputc('\n', stderr);
	json_array_foreach (json_object_get(problem, "errors"), i, error)
		print_error(error);
}

enum cli_exit talk_fail_answer(const struct client_answer *answer)
{
	json_t *problem = json_loadb(answer->body, answer->body_bytes, 0, NULL);
	enum cli_exit code;

	if (!json_is_string(json_object_get(problem, "title"))) {
		json_decref(problem);
		return talk_fail(CLI_EXIT_REFUSED, "the daemon answered with status %u",
				 answer->status);
	}
	code = talk_exit_of_problem(talk_text(problem, "type"));
	if (as_json)
		return print_json(code, problem);
	print_problem(problem);
	json_decref(problem);
	return code;
}

enum cli_exit talk_fail_config(const struct config_errors *errors)
{
	json_t *list;

	if (!as_json) {
		config_errors_print(errors, stderr);
		return CLI_EXIT_REFUSED;
	}
	list = json_array();
	for (unsigned int i = 0; i < errors->nr; i++)
		json_array_append_new(list, json_pack("{s:s}", "detail", errors->error[i].text));
	return print_json(CLI_EXIT_REFUSED,
			  json_pack("{s:s, s:s, s:o}", "title", "The configuration has errors",
				    "detail", errors->nr ? errors->error[0].text : "", "errors",
				    list));
}

/* Result: whether the group is among those that the caller will have after the next login. */
static bool is_listed(gid_t group)
{
	const struct passwd *user = getpwuid(getuid());
	gid_t groups[GROUPS_MAX];
	int nr = GROUPS_MAX;

	if (!user || getgrouplist(user->pw_name, user->pw_gid, groups, &nr) < 0)
		return false;
	for (int i = 0; i < nr; i++)
		if (groups[i] == group)
			return true;
	return false;
}

/* Who may open the socket: root, and the group that api.group or api.viewer_group names. */
static enum cli_exit fail_permission(const char *socket)
{
	const struct passwd *user = getpwuid(getuid());
	const struct group *group;
	struct stat status;

	if (stat(socket, &status) < 0)
		return talk_fail(CLI_EXIT_PERMISSION,
				 "permission denied: %s can be reached by root and the group that "
				 "api.group names in " CONFIG_DEFAULT_PATH,
				 socket);
	if (status.st_gid == 0)
		return talk_fail(CLI_EXIT_PERMISSION,
				 "permission denied: %s is for root alone, since api.group names "
				 "no group; try sudo, or set api.group",
				 socket);
	group = getgrgid(status.st_gid);
	if (!group)
		return talk_fail(CLI_EXIT_PERMISSION,
				 "permission denied: %s is for root and the group %u (api.group)",
				 socket, status.st_gid);
	if (is_listed(status.st_gid))
		return talk_fail(CLI_EXIT_PERMISSION,
				 "permission denied: %s is for the group %s (api.group), of which "
				 "you are a member from your next login on; now: newgrp %s",
				 socket, group->gr_name, group->gr_name);
	return talk_fail(CLI_EXIT_PERMISSION,
			 "permission denied: %s is for root and the group %s (api.group); as root: "
			 "usermod -aG %s %s",
			 socket, group->gr_name, group->gr_name, user ? user->pw_name : "USER");
}

enum cli_exit talk_fail_call(struct cli *cli, int r)
{
	if (r == -ENOMEM)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	if (r == -EACCES)
		return fail_permission(cli->socket);
	return talk_fail(CLI_EXIT_UNREACHABLE, "cannot reach the daemon at %s: %s", cli->socket,
			 talk_client_error(cli->client));
}
