/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/complete.h"
#include "cli/complete_kind.h"

/* Text within '…'. */
static void print_help(FILE *out, const char *help)
{
	fputs(" -d '", out);
	for (; *help; help++) {
		if (*help == '\'' || *help == '\\')
			fputc('\\', out);
		fputc(*help, out);
	}
	fputs("'\n", out);
}

static void print_kind(FILE *out, enum complete_kind kind, const char *values)
{
	switch (kind) {
	case COMPLETE_FILES:
		fputs(" -F", out);
		break;
	case COMPLETE_IDS:
		fputs(" -a '(__sallyport_ask list --ids)'", out);
		break;
	case COMPLETE_POOLS:
		fputs(" -a '(__sallyport_ask pools --names)'", out);
		break;
	case COMPLETE_VERBS:
		fputs(" -a '(__sallyport_verbs)'", out);
		break;
	case COMPLETE_VALUES:
		fprintf(out, " -a '%s'", values);
		break;
	case COMPLETE_NOTHING:
		break;
	}
}

static void print_option(FILE *out, const struct cli_verb *verb, const struct cli_option *option)
{
	enum complete_kind kind = cli_complete_kind_of_option(option);

	fputs("complete -c sallyport", out);
	if (verb)
		fprintf(out, " -n '__sallyport_in %s'", verb->name);
	fprintf(out, " -l %s", option->name + 2);
	if (option->letter)
		fprintf(out, " -s %c", option->letter);
	if (option->argument)
		fputs(kind == COMPLETE_FILES ? " -r" : " -x", out);
	print_kind(out, kind, option->values);
	print_help(out, option->help);
}

static void print_skip(FILE *out, const struct cli_verb *verb, const struct cli_option *option)
{
	if (!option->argument)
		return;
	fprintf(out, " '%s %s'", verb ? verb->name : "*", option->name);
	if (option->letter)
		fprintf(out, " '* -%c'", option->letter);
}

/* Sets the verb and how many words are operands, from the words so far. */
static void print_words(FILE *out)
{
	fputs("# fish completion for sallyport\n"
	      "function __sallyport_verbs\n"
	      "\tprintf '%s\\n'",
	      out);
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++)
		fprintf(out, " %s", verb->name);
	fputs("\nend\n"
	      "function __sallyport_words # the verb, then its operands\n"
	      "\tset -l verb\n"
	      "\tset -l skip 0\n"
	      "\tfor word in (commandline -opc)[2..-1]\n"
	      "\t\tif test $skip = 1\n"
	      "\t\t\tset skip 0\n"
	      "\t\t\tcontinue\n"
	      "\t\tend\n"
	      "\t\tswitch \"$verb $word\"\n"
	      "\t\t\tcase",
	      out);
	cli_complete_kind_each_option(out, print_skip);
	fputs("\n"
	      "\t\t\t\tset skip 1\n"
	      "\t\t\tcase '* -*'\n"
	      "\t\t\tcase '*'\n"
	      "\t\t\t\tif test -z \"$verb\"\n"
	      "\t\t\t\t\tset verb (__sallyport_verbs | string match -- $word)\n"
	      "\t\t\t\t\ttest -n \"$verb\"; or set verb (__sallyport_verbs | string match -- "
	      "$word'*')\n"
	      "\t\t\t\t\techo $verb[1]\n"
	      "\t\t\t\telse\n"
	      "\t\t\t\t\techo $word\n"
	      "\t\t\t\tend\n"
	      "\t\tend\n"
	      "\tend\n"
	      "end\n",
	      out);
}

static void print_functions(FILE *out)
{
	fputs("function __sallyport_in # VERB\n"
	      "\tset -l words (__sallyport_words)\n"
	      "\ttest \"$words[1]\" = $argv[1]\n"
	      "end\n"
	      "function __sallyport_at # VERB, whose operand is next\n"
	      "\tset -l words (__sallyport_words)\n"
	      "\ttest (count $words) = 1 -a \"$words[1]\" = $argv[1]\n"
	      "end\n"
	      "function __sallyport_ask # WORD...\n"
	      "\tset -l socket (commandline -opc | string match -r -g -- '^--socket=(.+)')\n"
	      "\tset -l words (commandline -opc)\n"
	      "\tfor i in (seq (count $words))\n"
	      "\t\tcontains -- $words[$i] -s --socket; and set socket $words[(math $i + 1)]\n"
	      "\tend\n"
	      "\tset -q socket[1]; and set socket --socket $socket\n"
	      "\tsallyport $socket $argv 2>/dev/null\n"
	      "end\n"
	      "complete -c sallyport -f\n",
	      out);
}

void cli_complete_fish_print(FILE *out)
{
	print_words(out);
	print_functions(out);
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++) {
		fprintf(out, "complete -c sallyport -n 'test -z \"$(__sallyport_words)\"' -a %s",
			verb->name);
		print_help(out, verb->help);
		if (cli_complete_kind_of_operand(verb) == COMPLETE_NOTHING)
			continue;
		fprintf(out, "complete -c sallyport -n '__sallyport_%s %s'",
			cli_complete_kind_is_several(verb) ? "in" : "at", verb->name);
		print_kind(out, cli_complete_kind_of_operand(verb), COMPLETE_SHELLS);
		fputc('\n', out);
	}
	cli_complete_kind_each_option(out, print_option);
}
