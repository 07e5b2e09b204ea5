/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "cli/complete.h"
#include "cli/complete_kind.h"

/* In case "$verb $option": an option that is a word by itself, before its value. */
static void print_pattern(FILE *out, const struct cli_verb *verb, const struct cli_option *option)
{
	if (option->letter)
		fprintf(out, "*' -%c' | ", option->letter);
	fprintf(out, "%s' %s'", verb ? verb->name : "*", option->name);
}

/* Options with values: which word is one, and which is not the operand. */
static void print_skip(FILE *out, const struct cli_verb *verb, const struct cli_option *option)
{
	if (!option->argument)
		return;
	fputs("\t\t", out);
	print_pattern(out, verb, option);
	fputs(strcmp(option->name, "--socket") == 0 ? ") ((i++)); socket=${COMP_WORDS[i]} ;;\n"
						    : ") ((i++)) ;;\n",
	      out);
}

static void print_value(FILE *out, const struct cli_verb *verb, const struct cli_option *option)
{
	if (!option->argument)
		return;
	fputs("\t", out);
	print_pattern(out, verb, option);
	switch (cli_complete_kind_of_option(option)) {
	case COMPLETE_FILES:
		fputs(") kind=files ;;\n", out);
		break;
	case COMPLETE_IDS:
		fputs(") kind=ids ;;\n", out);
		break;
	case COMPLETE_POOLS:
		fputs(") kind=pools ;;\n", out);
		break;
	case COMPLETE_VALUES:
		fprintf(out, ") choices='%s' kind=choices ;;\n", option->values);
		break;
	default:
		fputs(") return ;;\n", out);
	}
}

static void print_names(FILE *out, const struct cli_option *options)
{
	for (; options && options->name; options++)
		fprintf(out, " %s", options->name);
}

static void print_verbs(FILE *out)
{
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++)
		fprintf(out, " %s", verb->name);
}

static void print_verb(FILE *out, const struct cli_verb *verb)
{
	static const char *const kinds[] = {
		[COMPLETE_NOTHING] = "nothing", [COMPLETE_FILES] = "files",
		[COMPLETE_IDS] = "ids",		[COMPLETE_VERBS] = "verbs",
		[COMPLETE_VALUES] = "shells",
	};

	fprintf(out, "\t%s) kind=%s%s options='", verb->name,
		kinds[cli_complete_kind_of_operand(verb)],
		cli_complete_kind_is_several(verb) ? " more=1" : "");
	print_names(out, cli_verbs_common_options);
	print_names(out, verb->options);
	fputs("' ;;\n", out);
}

/* The words so far: verb, the socket, and whether the operand has been given. */
static void print_words(FILE *out)
{
	fputs("# bash completion for sallyport\n"
	      "_sallyport() {\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal verb= socket= operand= options= choices= kind= more= verbs i\n"
	      "\tCOMPREPLY=()\n"
	      "\tverbs='",
	      out);
	print_verbs(out);
	fputs("'\n"
	      "\tif [[ $word == '=' ]]; then\n"
	      "\t\tword=\n"
	      "\telif [[ $before == '=' ]]; then\n"
	      "\t\tbefore=${COMP_WORDS[COMP_CWORD-2]}\n"
	      "\tfi\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tif [[ ${COMP_WORDS[i]} == -* && ${COMP_WORDS[i+1]} == '=' ]]; then\n"
	      "\t\t\t[[ ${COMP_WORDS[i]} == --socket ]] && socket=${COMP_WORDS[i+2]}\n"
	      "\t\t\t((i += 2))\n"
	      "\t\t\tcontinue\n"
	      "\t\tfi\n"
	      "\t\tcase \"$verb ${COMP_WORDS[i]}\" in\n",
	      out);
	cli_complete_kind_each_option(out, print_skip);
	fputs("\t\t*' -'*) ;;\n"
	      "\t\t' '*) verb=${COMP_WORDS[i]} ;;\n"
	      "\t\t*) operand=1 ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tif [[ $verb && \" $verbs \" != *\" $verb \"* ]]; then # cut\n"
	      "\t\tchoices=($(compgen -W \"$verbs\" -- \"$verb\"))\n"
	      "\t\t[[ ${#choices[@]} == 1 ]] || return\n"
	      "\t\tverb=${choices[0]} choices=\n"
	      "\tfi\n",
	      out);
}

void cli_complete_bash_print(FILE *out)
{
	print_words(out);
	fputs("\tcase $verb in\n\t'') kind=verbs options='", out);
	print_names(out, cli_verbs_common_options);
	fputs("' ;;\n", out);
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++)
		print_verb(out, verb);
	fputs("\tesac\n"
	      "\t[[ $operand && ! $more ]] && kind=nothing\n"
	      "\t[[ $word == -* ]] && kind=options\n"
	      "\tcase \"$verb $before\" in\n",
	      out);
	cli_complete_kind_each_option(out, print_value);
	fputs("\tesac\n"
	      "\tcase $kind in\n"
	      "\tfiles)\n"
	      "\t\tcompopt -o filenames 2>/dev/null\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	      "\t\treturn\n"
	      "\t\t;;\n"
	      "\tids) choices=$(sallyport ${socket:+--socket \"$socket\"} list --ids 2>/dev/null) "
	      ";;\n"
	      "\tpools) choices=$(sallyport ${socket:+--socket \"$socket\"} pools --names "
	      "2>/dev/null) ;;\n"
	      "\tverbs) choices=$verbs ;;\n"
	      "\tshells) choices='" COMPLETE_SHELLS "' ;;\n"
	      "\toptions) choices=$options ;;\n"
	      "\tnothing) choices= ;;\n"
	      "\tesac\n"
	      "\tCOMPREPLY=($(compgen -W \"$choices\" -- \"$word\"))\n"
	      "}\n"
	      "complete -F _sallyport sallyport\n",
	      out);
}
