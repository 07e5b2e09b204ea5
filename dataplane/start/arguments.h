/* SPDX-License-Identifier: BSD-3-Clause */
/* What sallyport-dp is called with. */
#pragma once

#include <stdbool.h>

struct arguments {
	const char *config_path;
	bool check;
	bool done; /* all that was asked for has been printed */
};

/* Reads them; says on stderr what is wrong with them. Result: 0 or -EINVAL. */
int arguments_read(int argc, char **argv, struct arguments *ret);
