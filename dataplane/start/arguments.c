/* SPDX-License-Identifier: BSD-3-Clause */
#include "start/arguments.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "host/config.h"

static void print_help(void)
{
	printf("Usage: sallyport-dp [-c FILE] [--check]\n"
	       "\n"
	       "Carries the packets of a sallyport edge with DPDK.\n"
	       "\n"
	       "  -c, --config FILE  the configuration (default %s)\n"
	       "      --check        check the configuration and exit\n"
	       "      --version      print the version and exit\n"
	       "  -h, --help         print this and exit\n",
	       CONFIG_DEFAULT_PATH);
}

/* Says on stderr what is wrong with the command line. Result: -EINVAL. */
static int wrong(const char *what, const char *word)
{
	fprintf(stderr, "sallyport-dp: %s%s\n'sallyport-dp --help' says how it is used.\n", what,
		word);
	return -EINVAL;
}

int arguments_read(int argc, char **argv, struct arguments *ret)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option, at = 1;

	ret->config_path = CONFIG_DEFAULT_PATH;
	while ((option = getopt_long(argc, argv, ":c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			ret->config_path = optarg;
			break;
		case 'k':
			ret->check = true;
			break;
		case 'v':
			printf("sallyport-dp %s\n", SALLYPORT_VERSION);
			ret->done = true;
			return 0;
		case 'h':
			print_help();
			ret->done = true;
			return 0;
		default:
			return wrong(option == ':' ? "something must stand behind "
						   : "unknown option ",
				     argv[at < optind ? optind - 1 : at]);
		}
		at = optind;
	}
	/* sallyportd has --check FILE. */
	if (ret->check && optind == argc - 1)
		ret->config_path = argv[optind++];
	if (optind == argc)
		return 0;
	return wrong("one argument too many: ", argv[optind]);
}
