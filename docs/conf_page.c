/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints the reference of sallyport.conf from the table of options, as manual page or Markdown. */
#include <stdio.h>
#include <string.h>

#include "host/config.h"

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "manual") == 0)
		config_doc_manual(stdout);
	else if (argc == 2 && strcmp(argv[1], "markdown") == 0)
		config_doc_markdown(stdout);
	else
		return 2;
	return fflush(stdout) == 0 ? 0 : 1;
}
