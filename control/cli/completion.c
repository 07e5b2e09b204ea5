/* SPDX-License-Identifier: BSD-3-Clause */
/* Completion for bash, made from the table of verbs. */
#include <stdio.h>
#include <string.h>

#include "cli/talk/talk.h"

static void print_names(const struct cli_option *options)
{
	for (; options && options->name; options++)
		printf(" %s", options->name);
}

static void print_values(const struct cli_option *options)
{
	for (; options && options->name; options++) {
		if (options->values)
			printf("\t%s) COMPREPLY=($(compgen -W '%s' -- \"$word\")); return ;;\n",
			       options->name, options->values);
	}
}

static void print_verb(const struct cli_verb *verb)
{
	printf("\t%s)\n\t\toptions='", verb->name);
	print_names(cli_verbs_common_options);
	print_names(verb->options);
	printf("'\n");
	if (verb->operand && strcmp(verb->operand, "ID") == 0)
		printf("\t\t[[ $word == -* ]] || ids=1\n");
	printf("\t\t;;\n");
}

static void print_bash(void)
{
	printf("# bash completion for sallyport\n"
	       "_sallyport() {\n"
	       "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	       "\tlocal verb= options= ids= i\n"
	       "\tCOMPREPLY=()\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\tcase ${COMP_WORDS[i]} in\n"
	       "\t\t-s | -o | --socket | --output) ((i++)) ;;\n"
	       "\t\t-*) ;;\n"
	       "\t\t*) verb=${COMP_WORDS[i]}; break ;;\n"
	       "\t\tesac\n"
	       "\tdone\n"
	       "\tcase $before in\n"
	       "\t-s | --socket | --json | --config) COMPREPLY=($(compgen -f -- \"$word\")); "
	       "return ;;\n"
	       "\t-o) COMPREPLY=($(compgen -W 'text json' -- \"$word\")); return ;;\n");
	print_values(cli_verbs_common_options);
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++)
		print_values(verb->options);
	printf("\tesac\n\tcase $verb in\n\t'')\n\t\toptions='");
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++)
		printf(" %s", verb->name);
	print_names(cli_verbs_common_options);
	printf("'\n\t\t;;\n");
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++)
		print_verb(verb);
	printf("\tesac\n"
	       "\tif [[ $ids ]]; then\n"
	       "\t\toptions=$(sallyport list 2>/dev/null | awk 'NR > 1 { print $1 }')\n"
	       "\tfi\n"
	       "\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
	       "}\n"
	       "complete -F _sallyport sallyport\n");
}

enum cli_exit cli_completion(struct cli *cli)
{
	if (strcmp(cli->operand, "bash") != 0)
		return talk_fail(CLI_EXIT_USAGE, "there is completion for bash, not for %s",
				 cli->operand);
	print_bash();
	return CLI_EXIT_OK;
}
