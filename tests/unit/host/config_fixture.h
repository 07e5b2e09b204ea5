/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the configuration share. */
#pragma once

#include <stddef.h>

#include "host/config.h"

/* The least that a configuration must say; its lines are two. */
#define MINIMAL                                                                                    \
	"public: { interface = \"eth0\"; addresses = ( { bind = \"192.0.2.1\"; } ); };\n"          \
	"builds: { interface = \"eth1\"; networks = [ \"10.0.0.0/16\" ]; };\n"

/* Loads a text that must be good, called "f". Result: to be freed; the test fails otherwise. */
struct config *fixture_load(const char *text);

/* Loads a text that must be wrong, called "f". Result: all errors, a line each, to be freed. */
char *fixture_load_bad(const char *text, size_t bytes);

/* The same, and those are its errors. */
void fixture_expect_errors(const char *text, const char *expected);

/* The same of the addresses of public and the networks of builds, in a file that is good otherwise.
 */
void fixture_expect_sides(const char *addresses, const char *networks, const char *expected);
