// SPDX-License-Identifier: BSD-3-Clause
/* Prints the reference of the configuration: config_page manual | markdown. */
#include <stdio.h>
#include <string.h>

#include "config.h"

int main(int argc, char **argv)
{
	const char *form = argc == 2 ? argv[1] : "";

	if (strcmp(form, "manual") == 0)
		config_doc_manual(stdout);
	else if (strcmp(form, "markdown") == 0)
		config_doc_markdown(stdout);
	else
		fprintf(stderr, "usage: config_page manual | markdown\n");
	return form[0] && fflush(stdout) == 0 ? 0 : 1;
}
