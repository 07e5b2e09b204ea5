/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct config *fixture_load(const char *text)
{
	struct config_errors errors = {0};
	struct config *config = NULL;
	int r = config_load_text("f", text, strlen(text), &config, &errors);

	config_errors_print(&errors, stderr);
	config_errors_free(&errors);
	assert_int_equal(r, 0);
	assert_non_null(config);
	return config;
}

char *fixture_load_bad(const char *text, size_t bytes)
{
	struct config *config = (struct config *)&bytes;
	struct config_errors errors = {0};
	char *said = NULL;
	size_t size;
	FILE *stream;

	assert_int_equal(config_load_text("f", text, bytes, &config, &errors), -EINVAL);
	assert_ptr_equal(config, (struct config *)&bytes);
	stream = open_memstream(&said, &size);
	assert_non_null(stream);
	config_errors_print(&errors, stream);
	fclose(stream);
	config_errors_free(&errors);
	assert_int_equal(errors.nr, 0);
	return said;
}

void fixture_expect_errors(const char *text, const char *expected)
{
	char *said = fixture_load_bad(text, strlen(text));

	assert_string_equal(said, expected);
	free(said);
}

void fixture_expect_sides(const char *addresses, const char *networks, const char *expected)
{
	char text[8192];

	snprintf(text, sizeof(text),
		 "public: { interface = \"eth0\"; addresses = (\n%s); };\n"
		 "builds: { interface = \"eth1\"; networks = [ %s ]; };\n",
		 addresses, networks);
	fixture_expect_errors(text, expected);
}
