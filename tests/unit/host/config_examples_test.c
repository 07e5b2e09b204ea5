/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The small examples, each setting of them spoilt in each of four ways: the first error names the
 * line and the setting. config_slips_test.c has what is wrong with sallyport.conf, word by word.
 */
#include "host/config.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SPOILT_MIN 60

/* "KEY = VALUE;" in a text. */
struct setting {
	const char *begin, *end; /* end is behind the semicolon */
	char key[32];
	unsigned int line;
};

static char *read_example(const char *name)
{
	char path[512];
	size_t bytes;
	char *text;

	snprintf(path, sizeof(path), "%s/%s", getenv("CONFIGS_DIR"), name);
	text = config_file_text(path, &bytes);
	assert_non_null(text);
	return text;
}

/* Result: whether there is a setting of one value, or of a list in brackets, from *at on. */
static bool next_setting(const char *text, const char **at, struct setting *ret)
{
	for (; (*at = strstr(*at, " = ")); ++*at) {
		const char *begin = *at, *end = strchr(*at, ';'), *line = *at;

		while (line > text && line[-1] != '\n')
			line--;
		while (begin > text && (islower((unsigned char)begin[-1]) || begin[-1] == '_'))
			begin--;
		if (*line == '/' || *line == '#' || (*at)[3] == '(' || !end)
			continue;
		*ret = (struct setting){.begin = begin, .end = end + 1, .line = 1};
		memcpy(ret->key, begin, (size_t)(*at - begin));
		for (const char *c = text; c < begin; c++)
			ret->line += *c == '\n';
		++*at;
		return true;
	}
	return false;
}

/* A text with something else in the place of a setting is not taken, and why is said where it is.
 */
static void expect_named(const char *text, const struct setting *setting, const char *instead)
{
	struct config_errors errors = {0};
	struct config *config = NULL;
	char *spoilt, where[16];
	bool named = false;

	assert_true(asprintf(&spoilt, "%.*s%s%s", (int)(setting->begin - text), text, instead,
			     setting->end) > 0);
	if (config_load_text("f", spoilt, strlen(spoilt), &config, &errors) == 0)
		fail_msg("'%s' was taken", instead);
	snprintf(where, sizeof(where), "f:%u: ", setting->line);
	for (unsigned int i = 0; i < errors.nr; i++) {
		const char *said = errors.error[i].text;

		named |= strncmp(said, where, strlen(where)) == 0 && strstr(said, setting->key);
		if (!strstr(said, setting->key))
			fail_msg("of '%s' in line %u was said: %s", instead, setting->line, said);
	}
	if (!named)
		fail_msg("of '%s' nothing was said in line %u", instead, setting->line);
	config_errors_free(&errors);
	free(spoilt);
}

static unsigned int spoil(const char *text, const struct setting *setting)
{
	int bytes = (int)(setting->end - setting->begin), key = (int)strlen(setting->key);
	const char *value = setting->begin + key + strlen(" = ");
	int value_bytes = (int)(setting->end - 1 - value);
	char instead[512];

	/* The name has a letter too many: what it may have been is proposed. */
	snprintf(instead, sizeof(instead), "%sx%.*s", setting->key, bytes - key,
		 setting->begin + key);
	expect_named(text, setting, instead);
	/* Given twice. */
	snprintf(instead, sizeof(instead), "%.*s %.*s", bytes, setting->begin, bytes,
		 setting->begin);
	expect_named(text, setting, instead);
	/* Of another type. */
	snprintf(instead, sizeof(instead), "%s = true;", setting->key);
	expect_named(text, setting, instead);
	/* Without the mark between name and value. */
	snprintf(instead, sizeof(instead), "%s %.*s;", setting->key, value_bytes, value);
	expect_named(text, setting, instead);
	return 4;
}

static void test_load_when_an_example_is_spoilt_then_named_where(void **state)
{
	static const char *const examples[] = {"minimal.conf", "dpdk.conf", "dual-stack.conf"};
	unsigned int nr = 0;

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		char *text = read_example(examples[i]);
		struct setting setting;

		for (const char *at = text; next_setting(text, &at, &setting);)
			nr += spoil(text, &setting);
		free(text);
	}
	print_message("# %u spoilt examples\n", nr);
	assert_true(nr >= SPOILT_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load_when_an_example_is_spoilt_then_named_where),
	};

	return cmocka_run_group_tests_name("config_examples", tests, NULL, NULL);
}
