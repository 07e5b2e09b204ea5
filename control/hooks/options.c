/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/options.h"

#include <stddef.h>
#include <string.h>

#include "hooks/webhook/post.h"

#define MEMBER(member)	offsetof(struct options, member)
#define USUAL_DIRECTORY "/etc/sallyport/hooks.d"

static const struct arguments_row rows[] = {
	{"-s", "--socket", "PATH", ARGUMENTS_TEXT, MEMBER(socket), "/run/sallyport/api.sock",
	 "the API's socket"},
	{"-S", "--state", "FILE", ARGUMENTS_TEXT, MEMBER(cursor), "/var/lib/sallyport/hooks.cursor",
	 "where the last acknowledged event is kept"},
	{"-d", "--directory", "DIR", ARGUMENTS_TEXT, MEMBER(directory), USUAL_DIRECTORY,
	 "executables to run for each event"},
	{"-w", "--webhook", "URL", ARGUMENTS_TEXT, MEMBER(webhook), NULL,
	 "where to post each event"},
	{"-H", "--webhook-headers", "FILE", ARGUMENTS_TEXT, MEMBER(headers), NULL,
	 "headers for it, one a line, such as a token"},
	{"-k", "--webhook-keys", "FILE", ARGUMENTS_TEXT, MEMBER(keys), NULL,
	 "keys to sign posts with, one a line"},
	{"-f", "--from", "oldest|now", ARGUMENTS_CHOICE, MEMBER(from), "oldest",
	 "where to begin the first time"},
	{"-t", "--tries", "N", ARGUMENTS_NUMBER, MEMBER(tries), "0",
	 "give an event up after so many; 0 is never"},
	{"-D", "--dead-letters", "FILE", ARGUMENTS_TEXT, MEMBER(dead_letters),
	 "/var/lib/sallyport/hooks.dead", "where events that were given up are kept"},
	{NULL, "--redeliver", NULL, ARGUMENTS_FLAG, MEMBER(redeliver), NULL,
	 "deliver those once more, and end"},
	{"-l", "--time-limit", "TIME", ARGUMENTS_DURATION, MEMBER(time_limit_ns), "30s",
	 "how long a hook or a post may take"},
	{"-r", "--retry", "TIME", ARGUMENTS_DURATION, MEMBER(retry_min_ns), "1s",
	 "the first pause after a failure; it doubles"},
	{"-R", "--retry-max", "TIME", ARGUMENTS_DURATION, MEMBER(retry_max_ns), "1m",
	 "the longest pause after a failure"},
	{NULL, "--version", NULL, ARGUMENTS_VERSION, 0, NULL, "print the version"},
	{"-h", "--help", NULL, ARGUMENTS_HELP, 0, NULL, "print this help"},
};

static const struct arguments_program program = {
	.name = "sallyport-hooks",
	.usage = "[OPTION]...\n\n"
		 "Runs hooks and posts to a webhook for each event of a sallyport edge, in order,\n"
		 "each again until it is acknowledged.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
	.number_min = 0,
	.number_max = 1000000,
};

enum arguments_action hooks_options_parse(char **argv, struct options *ret_options)
{
	struct options options = {0};
	enum arguments_action action = arguments_parse(&program, argv, &options);

	if (action != ARGUMENTS_RUN)
		return action;
	if (options.keys && !options.webhook)
		return arguments_wrong(&program, "there is no --webhook to sign for with ",
				       "--webhook-keys");
	if (options.headers && !options.webhook)
		return arguments_wrong(
			&program, "there is no --webhook to send them with: ", "--webhook-headers");
	if (options.webhook && !webhook_post_can_go_to(options.webhook))
		return arguments_wrong(&program, "--webhook takes an http:// or https:// URL, not ",
				       options.webhook);
	options.may_lack_directory =
		options.webhook && strcmp(options.directory, USUAL_DIRECTORY) == 0;
	if (options.retry_max_ns < options.retry_min_ns)
		options.retry_max_ns = options.retry_min_ns;
	*ret_options = options;
	return ARGUMENTS_RUN;
}
