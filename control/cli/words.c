/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/words.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/meant.h"
#include "cli/talk/fail.h"
#include "host/spell.h"
#include "model/wall_time.h"

#define WRONG_SIZE 256

static_assert(CLI_MOMENT_BYTES == WALL_TIME_SAID_BYTES, "a time fits its option");

/* One reading. What follows the first word that is wrong is read for -o json alone. */
struct words {
	struct cli *cli;
	char **argv;
	int at;
	char wrong[WRONG_SIZE]; /* "": nothing yet */
	const struct cli_verb *wrong_verb;
};

/* A name that a word may stand for. */
struct candidate {
	const char *name;
	const void *row;
};

/* Names that a word is compared with, and what came of it. */
struct choice {
	const char *word;
	size_t length;
	struct candidate exact, first; /* whose beginning the word is */
	unsigned int nr_first;
	char several[128]; /* of them, parted by commas */
	struct candidate near;
	unsigned int distance; /* of that one */
};

static void fail(struct words *words, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void fail(struct words *words, const char *format, ...)
{
	va_list args;

	if (words->wrong[0])
		return;
	words->wrong_verb = words->cli->verb;
	va_start(args, format);
	vsnprintf(words->wrong, sizeof(words->wrong), format, args);
	va_end(args);
}

static void begin(struct choice *choice, char *word, size_t length)
{
	snprintf(word, SPELL_MAX_BYTES + 1, "%.*s", (int)length, choice->word);
	choice->length = length;
	choice->distance = spell_limit(word) + 1;
}

static void add_several(struct choice *choice, const char *name)
{
	size_t used = strlen(choice->several);

	snprintf(choice->several + used, sizeof(choice->several) - used, "%s%s", used ? ", " : "",
		 name);
}

static void consider(struct choice *choice, const char *word, const struct candidate *candidate)
{
	unsigned int distance = spell_distance(word, candidate->name);

	if (strncmp(candidate->name, choice->word, choice->length) == 0) {
		if (candidate->name[choice->length] == '\0')
			choice->exact = *candidate;
		choice->first = *candidate;
		choice->nr_first++;
		add_several(choice, candidate->name);
	}
	if (distance < choice->distance) {
		choice->distance = distance;
		choice->near = *candidate;
	}
}

/* Result: the row that is meant; NULL, with what is wrong in ret_wrong. */
static const void *conclude(const struct choice *choice, const char *what,
			    char ret_wrong[WRONG_SIZE])
{
	int length = (int)(choice->length < 80 ? choice->length : 80);

	if (choice->exact.row)
		return choice->exact.row;
	if (choice->nr_first == 1)
		return choice->first.row;
	if (choice->nr_first > 1)
		snprintf(ret_wrong, WRONG_SIZE, "%s %.*s could be %s", what, length, choice->word,
			 choice->several);
	else if (choice->near.row)
		snprintf(ret_wrong, WRONG_SIZE, "unknown %s %.*s; did you mean %s?", what, length,
			 choice->word, choice->near.name);
	else
		snprintf(ret_wrong, WRONG_SIZE, "unknown %s %.*s", what, length, choice->word);
	return NULL;
}

const struct cli_verb *cli_words_verb(const char *name, char ret_wrong[WRONG_SIZE])
{
	struct choice choice = {.word = name};
	char word[SPELL_MAX_BYTES + 1];

	begin(&choice, word, strlen(name));
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++)
		consider(&choice, word, &(struct candidate){verb->name, verb});
	return conclude(&choice, "verb", ret_wrong);
}

static void consider_options(struct choice *choice, const char *word,
			     const struct cli_option *options)
{
	for (; options && options->name; options++)
		consider(choice, word, &(struct candidate){options->name, options});
}

static const struct cli_option *find_long(struct words *words, const char *text)
{
	const struct cli_verb *verb = words->cli->verb;
	struct choice choice = {.word = text};
	char word[SPELL_MAX_BYTES + 1], wrong[WRONG_SIZE];
	const struct cli_option *option;

	begin(&choice, word, strcspn(text, "="));
	consider_options(&choice, word, cli_verbs_common_options);
	if (verb)
		consider_options(&choice, word, verb->options);
	option = conclude(&choice, "option", wrong);
	if (!option)
		fail(words, "%s", wrong);
	return option;
}

static const struct cli_option *find_letter(struct words *words, const char *text)
{
	const struct cli_verb *verb = words->cli->verb;
	const struct cli_option *tables[] = {cli_verbs_common_options, verb ? verb->options : NULL};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct cli_option *row = tables[i]; row && row->name; row++)
			if (row->letter == text[1])
				return row;
	fail(words, "unknown option %.80s", text);
	return NULL;
}

/* Result: moment, as it is to be sent; NULL: it was said what is wrong with value. */
static const char *read_moment(struct words *words, const struct cli_option *option,
			       const char *value, char moment[WALL_TIME_SAID_BYTES])
{
	switch (model_wall_time_said(value, moment)) {
	case WALL_TIME_SAID:
		return moment;
	case WALL_TIME_SAID_NO_ZONE:
		fail(words, "%s lacks a time zone; did you mean %s?", option->name, moment);
		break;
	case WALL_TIME_SAID_NOT:
		fail(words, "%s is a time such as 2026-12-01T18:00:00Z, not %.80s", option->name,
		     value);
		break;
	}
	return NULL;
}

static void keep(struct words *words, const struct cli_option *option, const char *value)
{
	struct cli *cli = words->cli;
	struct cli_given *given = &cli->given[cli->nr_given++];

	if (option->values && !cli_meant_is_one_of(option->values, value))
		fail(words, "%s is one of %s, not %.80s", option->name, option->values, value);
	*given = (struct cli_given){.option = option, .value = value};
	if (option->argument && strcmp(option->argument, "TIMESTAMP") == 0)
		given->value = read_moment(words, option, value, given->moment);
}

/* Takes the option at words->at and, if it has one, its value, attached or the next word. */
static void take_option(struct words *words)
{
	const char *word = words->argv[words->at], *value = NULL;
	bool is_long = word[1] == '-';
	const struct cli_option *option =
		is_long ? find_long(words, word) : find_letter(words, word);

	if (!option)
		return;
	if (is_long && strchr(word, '='))
		value = strchr(word, '=') + 1;
	else if (!is_long && word[2] != '\0')
		value = word + 2 + (word[2] == '=');
	if (!option->argument && value) {
		fail(words, "no value belongs to %s", option->name);
	} else if (option->argument && !value) {
		value = words->argv[words->at + 1];
		words->at += value != NULL;
		if (!value)
			fail(words, "a value is missing after %s", word);
	}
	if (value || !option->argument)
		keep(words, option, value);
}

/* What no build has in its id is no further one, but out of place. */
static bool may_be_next(const struct cli *cli, const char *word)
{
	const char *operand = cli->verb->operand;
	size_t length = operand ? strlen(operand) : 0;

	if (!cli->operand)
		return operand != NULL;
	return length > 3 && strcmp(operand + length - 3, "...") == 0 && !strpbrk(word, ":/[]");
}

static void take_word(struct words *words)
{
	const char *word = words->argv[words->at];
	struct cli *cli = words->cli;
	char wrong[WRONG_SIZE], meant[MEANT_BYTES];

	if (!cli->verb) {
		cli->verb = cli_words_verb(word, wrong);
		if (!cli->verb)
			fail(words, "%s", wrong);
	} else if (!may_be_next(cli, word)) {
		fail(words, "one argument too many: %.80s%s", word,
		     cli_meant(cli->verb, word, meant));
	} else {
		cli->operands[cli->nr_operands++] = word;
		cli->operand = cli->operands[0];
	}
}

static void take_words(struct words *words)
{
	bool words_only = false;

	for (words->at = 1; words->argv[words->at]; words->at++) {
		const char *word = words->argv[words->at];

		if (!words_only && strcmp(word, "--") == 0)
			words_only = true;
		else if (!words_only && word[0] == '-' && word[1] != '\0')
			take_option(words);
		else
			take_word(words);
	}
}

enum cli_exit cli_words_fail(const struct cli_verb *verb, const char *wrong)
{
	return talk_fail_usage(verb ? verb->name : NULL, wrong);
}

enum cli_exit cli_words_read(struct cli *cli, char **argv)
{
	struct words words = {.cli = cli, .argv = argv};
	const char *output;

	take_words(&words);
	output = talk_option(cli, "--output");
	cli->json = output && strcmp(output, "json") == 0;
	if (cli->json)
		talk_fail_as_json();
	if (!words.wrong[0] && !talk_option(cli, "--help") && !talk_option(cli, "--version")) {
		if (!cli->verb)
			fail(&words, "a verb is missing");
		else if (cli->verb->operand && cli->verb->operand[0] != '[' && !cli->operand)
			fail(&words, "an argument is missing: %s", cli->verb->operand);
	}
	return words.wrong[0] ? cli_words_fail(words.wrong_verb, words.wrong) : CLI_EXIT_OK;
}
