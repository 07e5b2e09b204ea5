/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport: the operator's and the scripts' way to talk to sallyportd. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "cli/talk/talk.h"

static void print_options(FILE *out, const struct cli_option *options)
{
	for (; options && options->name; options++) {
		char left[48];

		snprintf(left, sizeof(left), "%s%s%s", options->name, options->argument ? " " : "",
			 options->argument ? options->argument : "");
		fprintf(out, "  %-24s  %s\n", left, options->help);
	}
}

static void print_usage(FILE *out)
{
	fprintf(out, "usage: sallyport [OPTION]... VERB [ARGUMENT] [OPTION]...\n\nverbs:\n");
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++) {
		char left[48];

		snprintf(left, sizeof(left), "%s %s", verb->name,
			 verb->operand ? verb->operand : "");
		fprintf(out, "  %-24s  %s\n", left, verb->help);
	}
	fprintf(out, "\noptions:\n");
	print_options(out, cli_verbs_common_options);
	fprintf(out,
		"\n'sallyport VERB --help' lists the options of a verb. TIME is like 90, 30m or "
		"1h30m.\nexit: 0 done, 1 refused, 2 usage, 3 the daemon cannot be reached\n");
}

static void print_verb_usage(FILE *out, const struct cli_verb *verb)
{
	fprintf(out, "usage: sallyport %s%s%s [OPTION]...\n%s\n\noptions:\n", verb->name,
		verb->operand ? " " : "", verb->operand ? verb->operand : "", verb->help);
	print_options(out, verb->options);
	print_options(out, cli_verbs_common_options);
}

static enum cli_exit usage_error(const struct cli_verb *verb, const char *what, const char *which)
{
	fprintf(stderr, "sallyport: %s%s\n", what, which);
	fprintf(stderr, "'sallyport%s%s --help' says how it is used.\n", verb ? " " : "",
		verb ? verb->name : "");
	return CLI_EXIT_USAGE;
}

static const struct cli_option *search_options(const struct cli_option *options, const char *name,
					       size_t len)
{
	for (; options && options->name; options++) {
		if (strlen(options->name) == len && memcmp(options->name, name, len) == 0)
			return options;
	}
	return NULL;
}

static const struct cli_option *find_option(const struct cli_verb *verb, const char *word)
{
	const struct cli_option *option;
	size_t len = strcspn(word, "=");

	if (strcmp(word, "-s") == 0)
		word = "--socket", len = strlen(word);
	else if (strcmp(word, "-o") == 0)
		word = "--output", len = strlen(word);
	else if (strcmp(word, "-h") == 0)
		word = "--help", len = strlen(word);
	option = search_options(cli_verbs_common_options, word, len);
	return option || !verb ? option : search_options(verb->options, word, len);
}

static const struct cli_verb *find_verb(const char *name)
{
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++) {
		if (strcmp(verb->name, name) == 0)
			return verb;
	}
	return NULL;
}

/* Takes the option at argv[*i] and, if it has one, its argument. */
static enum cli_exit take_option(struct cli *cli, char **argv, int *i)
{
	const char *word = argv[*i],
		   *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
	const struct cli_option *option = find_option(cli->verb, word);
	struct cli_given *given = &cli->given[cli->nr_given];

	if (!option)
		return usage_error(cli->verb, "unknown option ", word);
	if (!option->argument && equals)
		return usage_error(cli->verb, "no value belongs to ", option->name);
	*given = (struct cli_given){.option = option, .value = equals ? equals + 1 : NULL};
	if (option->argument && !given->value) {
		given->value = argv[++*i];
		if (!given->value)
			return usage_error(cli->verb, "a value is missing after ", word);
	}
	cli->nr_given++;
	return CLI_EXIT_OK;
}

static enum cli_exit take_word(struct cli *cli, const char *word)
{
	if (!cli->verb) {
		cli->verb = find_verb(word);
		return cli->verb ? CLI_EXIT_OK : usage_error(NULL, "unknown verb ", word);
	}
	if (!cli->verb->operand || cli->operand)
		return usage_error(cli->verb, "one argument too many: ", word);
	cli->operand = word;
	return CLI_EXIT_OK;
}

static enum cli_exit parse(struct cli *cli, char **argv)
{
	bool words_only = false;

	for (int i = 1; argv[i]; i++) {
		enum cli_exit code = CLI_EXIT_OK;

		if (!words_only && strcmp(argv[i], "--") == 0)
			words_only = true;
		else if (!words_only && argv[i][0] == '-' && argv[i][1] != '\0')
			code = take_option(cli, argv, &i);
		else
			code = take_word(cli, argv[i]);
		if (code != CLI_EXIT_OK)
			return code;
	}
	return CLI_EXIT_OK;
}

static enum cli_exit apply_common(struct cli *cli)
{
	const char *output = talk_option(cli, "--output"), *socket = talk_option(cli, "--socket");
	const char *env = getenv("SALLYPORT_SOCKET");

	if (output && strcmp(output, "json") != 0 && strcmp(output, "text") != 0)
		return usage_error(cli->verb, "the output format is text or json, not ", output);
	cli->json = output && strcmp(output, "json") == 0;
	cli->socket = env && *env ? env : CLI_DEFAULT_SOCKET;
	if (socket)
		cli->socket = socket;
	if (!cli->verb)
		return usage_error(NULL, "a verb is missing", "");
	if (cli->verb->operand && cli->verb->operand[0] != '[' && !cli->operand)
		return usage_error(cli->verb, "an argument is missing: ", cli->verb->operand);
	return CLI_EXIT_OK;
}

static enum cli_exit run(struct cli *cli)
{
	enum cli_exit code;

	if (talk_client_open(cli->socket, &cli->client) < 0)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	code = cli->verb->run(cli);
	talk_client_close(cli->client);
	if (fflush(stdout) != 0 && code == CLI_EXIT_OK)
		return talk_fail(CLI_EXIT_REFUSED, "cannot write: %s", strerror(errno));
	return code;
}

int main(int argc, char **argv)
{
	struct cli cli = {.given = calloc((size_t)argc, sizeof(*cli.given))};
	enum cli_exit code;

	if (!cli.given || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	code = parse(&cli, argv);
	if (code == CLI_EXIT_OK && talk_option(&cli, "--help")) {
		if (cli.verb)
			print_verb_usage(stdout, cli.verb);
		else
			print_usage(stdout);
	} else if (code == CLI_EXIT_OK) {
		code = apply_common(&cli);
		if (code == CLI_EXIT_OK)
			code = run(&cli);
	}
	curl_global_cleanup();
	free(cli.given);
	return code;
}
