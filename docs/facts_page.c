/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints docs/FACTS.md from the table that `sallyportd --check --host` and `sallyport doctor` use.
 */
#include <stdio.h>

#include "facts/facts.h"

int main(void)
{
	printf("# What is looked at on a host\n\n"
	       "By `sallyportd --check --host FILE` and `sallyport doctor`, in this order. Made "
	       "from\n"
	       "`control/facts/table.c` by `docs/facts_page.c`; a test compares.\n\n"
	       "`refuse`: a start ends there. `silent`: it starts, and packets or answers get "
	       "lost.\n"
	       "`slow`: it works, with less speed than the host has. `risk`: it works until\n"
	       "something else happens. `hint`: nothing here can tell whether it is so.\n\n");
	facts_print_table(stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}
