/* SPDX-License-Identifier: BSD-3-Clause */
/* For the programs that print a page in either of its forms, the one that their argument names. */
#pragma once

#include <stdio.h>
#include <string.h>

static inline int page_print(int argc, char **argv, void (*manual)(void), void (*markdown)(void))
{
	if (argc == 2 && strcmp(argv[1], "manual") == 0)
		manual();
	else if (argc == 2 && strcmp(argv[1], "markdown") == 0)
		markdown();
	else
		return 2;
	return fflush(stdout) == 0 ? 0 : 1;
}
