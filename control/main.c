/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyportd: decides who may reach which build, until when. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "daemon/daemon.h"
#include "daemon/hold.h"
#include "daemon/kept.h"
#include "facts/facts.h"
#include "host/config.h"
#include "host/config_questions.h"
#include "host/log.h"
#include "journal/journal.h"

enum action {
	ACTION_RUN,
	ACTION_CHECK,
	ACTION_RELOAD,
	ACTION_DETACH,
	ACTION_HOLD,
	ACTION_JOURNAL_VERSION,
	ACTION_TAKE_BACK,
	ACTION_VERSION,
	ACTION_HELP,
	ACTION_WRONG, /* the arguments make no sense */
};

struct arguments {
	enum action action;
	const char *config_path;
	bool host;	     /* --check looks at this host, too */
	int journal_version; /* to be taken back */
};

static void print_help(void)
{
	printf("usage: sallyportd [-c FILE]\n"
	       "       sallyportd --check [--host] FILE\n"
	       "       sallyportd [-c FILE] --reload\n"
	       "       sallyportd -c FILE --detach\n"
	       "       sallyportd -c FILE --hold\n"
	       "       sallyportd -c FILE --journal-version\n"
	       "       sallyportd -c FILE --take-back-journal VERSION\n"
	       "\n"
	       "Decides who may reach which build, until when.\n"
	       "\n"
	       "options:\n"
	       "  -c, --config FILE  the configuration, else %s\n"
	       "  --check            check the configuration, print every error, exit 0 or 1\n"
	       "  --host             with --check: look at this host too, and exit with 1 if "
	       "a start\n"
	       "                     would be refused\n"
	       "  --reload           have the running sallyportd read FILE again, exit with 1 if "
	       "nothing\n"
	       "                     was applied\n"
	       "  --detach           remove programs and tables from the kernel, and exit\n"
	       "  --hold             have packets for public ports wait for sallyportd, and exit: "
	       "for a\n"
	       "                     host that starts and has no addresses yet\n"
	       "  --journal-version  print the version of the journal, 0 for none\n"
	       "  --take-back-journal VERSION\n"
	       "                     put back the journal as it was before its version was "
	       "raised\n"
	       "  --version          print the version\n"
	       "  -h, --help         print this help\n",
	       CONFIG_DEFAULT_PATH);
}

/* Says on stderr what is wrong with the command line. */
static enum action wrong(const char *what, const char *word)
{
	fprintf(stderr, "sallyportd: %s%s\n'sallyportd --help' says how it is used.\n", what, word);
	return ACTION_WRONG;
}

/* Takes one option, as getopt_long() tells of it; word is how it was written. */
static void take(struct arguments *arguments, int c, const char *word)
{
	static const enum action actions[] = {
		['k'] = ACTION_CHECK,		['d'] = ACTION_DETACH,
		['v'] = ACTION_VERSION,		['h'] = ACTION_HELP,
		['r'] = ACTION_RELOAD,		['o'] = ACTION_HOLD,
		['j'] = ACTION_JOURNAL_VERSION, ['t'] = ACTION_TAKE_BACK,
	};

	if (c == '?')
		arguments->action = wrong("unknown option ", word);
	else if (c == ':')
		arguments->action = wrong("something must stand behind ", word);
	else if (c == 'c')
		arguments->config_path = optarg;
	else if (c == 'H')
		arguments->host = true;
	else if (arguments->action != ACTION_RUN && arguments->action != actions[c])
		arguments->action = wrong("one thing at a time, without ", word);
	else
		arguments->action = actions[c];
	if (c != 't' || arguments->action == ACTION_WRONG)
		return;
	arguments->journal_version = atoi(optarg);
	if (arguments->journal_version <= 0)
		arguments->action =
			wrong("--take-back-journal takes the number of a version, not ", optarg);
}

static struct arguments parse(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'},
		{"host", no_argument, NULL, 'H'},
		{"reload", no_argument, NULL, 'r'},
		{"detach", no_argument, NULL, 'd'},
		{"hold", no_argument, NULL, 'o'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{"journal-version", no_argument, NULL, 'j'},
		{"take-back-journal", required_argument, NULL, 't'},
		{0},
	};
	struct arguments arguments = {.config_path = CONFIG_DEFAULT_PATH};
	int c, at = 1;

	while (arguments.action != ACTION_WRONG &&
	       (c = getopt_long(argc, argv, ":c:h", options, NULL)) != -1) {
		take(&arguments, c, argv[at < optind ? optind - 1 : at]);
		at = optind;
	}
	if (arguments.action == ACTION_WRONG)
		return arguments;
	if (arguments.host && arguments.action != ACTION_CHECK)
		arguments.action = wrong("--host is for --check", "");
	else if (arguments.action == ACTION_CHECK && optind < argc)
		arguments.config_path = argv[optind++];
	if (arguments.action != ACTION_WRONG && optind < argc)
		arguments.action = wrong("one argument too many: ", argv[optind]);
	return arguments;
}

static struct config *load(const char *path)
{
	struct config_errors errors = {0};
	struct config *config = NULL;

	if (config_load(path, &config, &errors) < 0) {
		config_errors_print(&errors, stderr);
		config = NULL;
	}
	config_errors_free(&errors);
	return config;
}

/* Asks on stderr about what is allowed and seldom meant; the result of the check stays. */
static void ask(const struct config *config, const char *path)
{
	static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		FILE *listeners = fopen(tables[i], "re");

		if (!listeners)
			continue;
		config_question_ports(config, path, listeners, stderr);
		fclose(listeners);
	}
}

static int try_journal(const struct config *config, char **ret_reason)
{
	char path[CONFIG_PATH_SIZE + sizeof("/" JOURNAL_NAME)];

	snprintf(path, sizeof(path), "%s/" JOURNAL_NAME, config->edge.state_dir);
	return journal_open_try(path, ret_reason);
}

/* Result: 0, or -ENOTSUP if something of this host keeps a daemon of ours from starting. */
static int check_host(const struct config *config, const char *path)
{
	const struct facts_site site = {
		.config = config, .config_path = path, .try_journal = try_journal};
	struct facts_list list;
	int r = facts_look(&site, &list);

	if (r < 0)
		return r;
	facts_print(&list, stdout);
	r = list.worst == FACTS_REFUSE ? -ENOTSUP : 0;
	facts_free(&list);
	return r;
}

static int check(const struct arguments *arguments, const struct config *config)
{
	config_question_values(config, arguments->config_path, stderr);
	if (arguments->host)
		return check_host(config, arguments->config_path);
	ask(config, arguments->config_path);
	return 0;
}

/* What is done with a configuration but to run. Result: 0 or -errno. */
static int act(const struct arguments *arguments, const struct config *config)
{
	switch (arguments->action) {
	case ACTION_CHECK:
		return check(arguments, config);
	case ACTION_RELOAD:
		return daemon_reload(config);
	case ACTION_DETACH:
		return daemon_detach(config);
	case ACTION_HOLD:
		return daemon_hold(config);
	case ACTION_JOURNAL_VERSION:
		return daemon_journal_version(config);
	case ACTION_TAKE_BACK:
		return daemon_take_back_journal(config, arguments->journal_version);
	default:
		return 0;
	}
}

static int run_with_config(const struct arguments *arguments)
{
	struct config *config = load(arguments->config_path);
	int r;

	if (!config)
		return arguments->action == ACTION_RUN ? EX_CONFIG : EXIT_FAILURE;
	if (arguments->action == ACTION_RUN) {
		daemon_kept_close_files(config);
		return daemon_run(arguments->config_path, config) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	r = act(arguments, config);
	config_free(config);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const struct arguments arguments = parse(argc, argv);

	log_open("sallyportd", LOG_INFO);
	switch (arguments.action) {
	case ACTION_WRONG:
		return EXIT_FAILURE;
	case ACTION_HELP:
		print_help();
		return EXIT_SUCCESS;
	case ACTION_VERSION:
		printf("sallyportd %s\n", SALLYPORT_VERSION);
		return EXIT_SUCCESS;
	case ACTION_RUN:
	case ACTION_CHECK:
	case ACTION_RELOAD:
	case ACTION_DETACH:
	case ACTION_HOLD:
	case ACTION_JOURNAL_VERSION:
	case ACTION_TAKE_BACK:
		break;
	}
	return run_with_config(&arguments);
}
