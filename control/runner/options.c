/* SPDX-License-Identifier: BSD-3-Clause */
#include "runner/options.h"

#include <stddef.h>

#define MEMBER(member) offsetof(struct options, member)

static const struct arguments_row rows[] = {
	{"-c", "--config", "FILE", ARGUMENTS_TEXT, MEMBER(config), "/etc/sallyport/sallyport.conf",
	 "the edge's configuration"},
	{"-l", "--listen", "ADDRESS:PORT", ARGUMENTS_TEXT, MEMBER(listen), NULL,
	 "an address of this host that VMs reach"},
	{"-u", "--user", "NAME", ARGUMENTS_TEXT, MEMBER(user), NULL,
	 "whom people log in as, unless a job says"},
	{"-a", "--allow", "PREFIX,...", ARGUMENTS_TEXT, MEMBER(allow), NULL,
	 "who may connect, everybody if not given"},
	{"-m", "--max-lifetime", "TIME", ARGUMENTS_DURATION, MEMBER(max_lifetime_ns), NULL,
	 "how long a session may last, finished or not"},
	{"-L", "--linger", "TIME", ARGUMENTS_DURATION, MEMBER(linger_ns), NULL,
	 "how long it lasts once the job is over"},
	{"-g", "--gone", "TIME", ARGUMENTS_DURATION, MEMBER(gone_ns), "5m",
	 "a VM whose port stops answering so long has gone"},
	{"-e", "--every", "TIME", ARGUMENTS_DURATION, MEMBER(look_ns), "15s",
	 "how often to look for such VMs"},
	{"-n", "--sessions", "NUMBER", ARGUMENTS_NUMBER, MEMBER(max_sessions), "1000",
	 "at most so many at a time, of all VMs"},
	{"-p", "--sessions-per-vm", "NUMBER", ARGUMENTS_NUMBER, MEMBER(max_sessions_per_vm), "6",
	 "new ones of one VM in ten minutes"},
	{NULL, "--version", NULL, ARGUMENTS_VERSION, 0, NULL, "print the version"},
	{"-h", "--help", NULL, ARGUMENTS_HELP, 0, NULL, "print this help"},
};

static const struct arguments_program program = {
	.name = "sallyport-runner",
	.usage = "--listen ADDRESS:PORT [OPTION]...\n\n"
		 "Declares builds for the VMs that ask for it, each for itself alone.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
	.number_min = 1,
	.number_max = 65536,
};

enum arguments_action runner_options_parse(char **argv, struct options *ret_options)
{
	struct options options = {0};
	enum arguments_action action = arguments_parse(&program, argv, &options);

	if (action != ARGUMENTS_RUN)
		return action;
	if (!options.listen)
		return arguments_wrong(&program, "where to listen is not said: ", "--listen");
	*ret_options = options;
	return ARGUMENTS_RUN;
}
