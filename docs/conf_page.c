/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints the reference of sallyport.conf from the table of options, as manual page or Markdown. */
#include <stdio.h>

#include "host/config.h"
#include "page.h"

static void print_manual(void)
{
	config_doc_manual(stdout);
}

static void print_markdown(void)
{
	config_doc_markdown(stdout);
}

int main(int argc, char **argv)
{
	return page_print(argc, argv, print_manual, print_markdown);
}
