/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/complete.h"
#include "cli/complete_kind.h"

/* Text within '…' of a description, where a colon parts it from the word. */
static void print_help(FILE *out, const char *help)
{
	for (; *help; help++) {
		if (*help == '\'')
			fputs("'\\''", out);
		else
			fputc(*help, out);
	}
}

static void print_pattern(FILE *out, const struct cli_verb *verb, const struct cli_option *option)
{
	if (option->letter)
		fprintf(out, "*' -%c'|", option->letter);
	fprintf(out, "%s' %s'", verb ? verb->name : "*", option->name);
}

static void print_skip(FILE *out, const struct cli_verb *verb, const struct cli_option *option)
{
	if (!option->argument)
		return;
	fputs("\t\t(", out);
	print_pattern(out, verb, option);
	fputs(option->letter == 's' ? ") (( i++ )); socket=(--socket $words[i]) ;;\n"
				    : ") (( i++ )) ;;\n",
	      out);
}

static void print_value(FILE *out, const struct cli_verb *verb, const struct cli_option *option)
{
	if (!option->argument)
		return;
	fputs("\t(", out);
	print_pattern(out, verb, option);
	switch (cli_complete_kind_of_option(option)) {
	case COMPLETE_FILES:
		fputs(") _files; return ;;\n", out);
		break;
	case COMPLETE_IDS:
		fputs(") kind=ids ;;\n", out);
		break;
	case COMPLETE_POOLS:
		fputs(") kind=pools ;;\n", out);
		break;
	case COMPLETE_VALUES:
		fprintf(out, ") compadd -- %s; return ;;\n", option->values);
		break;
	default:
		fputs(") return 1 ;;\n", out);
	}
}

static void print_options(FILE *out, const struct cli_option *options)
{
	for (; options && options->name; options++) {
		fprintf(out, "\t\t'%s:", options->name);
		print_help(out, options->help);
		fputs("'\n", out);
	}
}

static void print_verb(FILE *out, const struct cli_verb *verb)
{
	static const char *const kinds[] = {
		[COMPLETE_NOTHING] = "nothing", [COMPLETE_FILES] = "files",
		[COMPLETE_IDS] = "ids",		[COMPLETE_VERBS] = "verbs",
		[COMPLETE_VALUES] = "shells",
	};

	fprintf(out, "\t(%s) kind=%s%s; options+=(\n", verb->name,
		kinds[cli_complete_kind_of_operand(verb)],
		cli_complete_kind_is_several(verb) ? " more=1" : "");
	print_options(out, verb->options);
	fputs("\t) ;;\n", out);
}

static void print_words(FILE *out)
{
	fputs("#compdef sallyport\n"
	      "_sallyport() {\n"
	      "\tlocal verb before=$words[CURRENT-1] operand more kind=verbs i\n"
	      "\tlocal -a socket verbs options ids cut\n"
	      "\tverbs=(\n",
	      out);
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++) {
		fprintf(out, "\t\t'%s:", verb->name);
		print_help(out, verb->help);
		fputs("'\n", out);
	}
	fputs("\t)\n\toptions=(\n", out);
	print_options(out, cli_verbs_common_options);
	fputs("\t)\n"
	      "\tfor (( i = 2; i < CURRENT; i++ )); do\n"
	      "\t\tcase \"$verb $words[i]\" in\n"
	      "\t\t(*' --socket='*) socket=($words[i]) ;;\n",
	      out);
	cli_complete_kind_each_option(out, print_skip);
	fputs("\t\t(*' -'*) ;;\n"
	      "\t\t(' '*)\n"
	      "\t\t\tverb=$words[i]\n"
	      "\t\t\tcut=(${(M)${verbs%%:*}:#$verb*})\n"
	      "\t\t\t(( $#cut == 1 )) && verb=$cut[1]\n"
	      "\t\t\t;;\n"
	      "\t\t(*) operand=1 ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tif [[ $words[CURRENT] == --*=* ]]; then\n"
	      "\t\tbefore=${words[CURRENT]%%=*}\n"
	      "\t\tcompset -P '*='\n"
	      "\tfi\n",
	      out);
}

void cli_complete_zsh_print(FILE *out)
{
	print_words(out);
	fputs("\tcase $verb in\n", out);
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++)
		print_verb(out, verb);
	fputs("\tesac\n"
	      "\t[[ -n $operand && -z $more ]] && kind=nothing\n"
	      "\tcase \"$verb $before\" in\n",
	      out);
	cli_complete_kind_each_option(out, print_value);
	fputs("\tesac\n"
	      "\t[[ $words[CURRENT] == -* ]] && kind=options\n"
	      "\tcase $kind in\n"
	      "\t(files) _files ;;\n"
	      "\t(ids) ids=(${(f)\"$(sallyport $socket list --ids 2>/dev/null)\"}); compadd -- "
	      "$ids "
	      ";;\n"
	      "\t(pools) ids=(${(f)\"$(sallyport $socket pools --names 2>/dev/null)\"}); compadd "
	      "-- $ids ;;\n"
	      "\t(verbs) _describe verb verbs ;;\n"
	      "\t(shells) compadd -- " COMPLETE_SHELLS " ;;\n"
	      "\t(options) _describe -o option options ;;\n"
	      "\tesac\n"
	      "}\n"
	      "if [[ $funcstack[1] == _sallyport ]]; then\n"
	      "\t_sallyport \"$@\"\n"
	      "else\n"
	      "\tcompdef _sallyport sallyport\n"
	      "fi\n",
	      out);
}
