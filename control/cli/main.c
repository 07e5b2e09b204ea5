/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport: the operator's and the scripts' way to talk to sallyportd. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "cli/help.h"
#include "cli/talk/talk.h"
#include "cli/words.h"

static void find_socket(struct cli *cli)
{
	const char *socket = talk_option(cli, "--socket"), *env = getenv("SALLYPORT_SOCKET");

	cli->socket = env && *env ? env : CLI_DEFAULT_SOCKET;
	cli->socket_given = socket || (env && *env);
	if (socket)
		cli->socket = socket;
}

/* Of several builds, each by itself: one that is refused keeps no other back. */
static enum cli_exit run_each(struct cli *cli)
{
	enum cli_exit worst = CLI_EXIT_OK;
	size_t i;

	for (i = 0; i < cli->nr_operands && worst != CLI_EXIT_USAGE; i++) {
		enum cli_exit code;

		cli->operand = cli->operands[i];
		talk_fail_about(cli->operand);
		code = cli->verb->run(cli);
		if (code > worst)
			worst = code;
		if (code == CLI_EXIT_UNREACHABLE && i + 1 < cli->nr_operands) {
			talk_fail_about(NULL);
			return talk_fail(code, "not asked for: %s, and all behind it",
					 cli->operands[i + 1]);
		}
	}
	talk_fail_about(NULL);
	return worst;
}

static enum cli_exit run(struct cli *cli)
{
	enum cli_exit code;

	find_socket(cli);
	if (talk_client_open(cli->socket, &cli->client) < 0)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	code = cli->nr_operands > 1 ? run_each(cli) : cli->verb->run(cli);
	talk_client_close(cli->client);
	if (fflush(stdout) != 0 && code == CLI_EXIT_OK)
		return talk_fail(CLI_EXIT_REFUSED, "cannot write: %s", strerror(errno));
	return code;
}

/* Result: whether it was all that was asked for. */
static bool tell(const struct cli *cli)
{
	if (talk_option(cli, "--help") && cli->verb)
		cli_help_print_verb(cli->verb);
	else if (talk_option(cli, "--help"))
		cli_help_print();
	else if (talk_option(cli, "--version"))
		printf("sallyport %s\n", SALLYPORT_VERSION);
	else
		return false;
	return true;
}

/*
 * Whoever starts a program with stdin, stdout or stderr closed would have its words written into
 * the first file or socket that is opened instead.
 */
static void fill_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct cli cli = {.given = calloc((size_t)argc, sizeof(*cli.given)),
			  .operands = calloc((size_t)argc, sizeof(*cli.operands))};
	enum cli_exit code;

	fill_standard_files();
	if (!cli.given || !cli.operands || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	code = cli_words_read(&cli, argv);
	if (code == CLI_EXIT_OK && !tell(&cli))
		code = run(&cli);
	curl_global_cleanup();
	free(cli.operands);
	free(cli.given);
	return code;
}
