/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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
