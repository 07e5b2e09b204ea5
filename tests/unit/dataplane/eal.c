/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal.h"

#include <errno.h>
#include <stddef.h>

#include <rte_eal.h>

int eal_start(void)
{
	/* EAL exchanges the pointers among themselves, and keeps some. */
	static char text[][16] = {
		"test",		  "--no-huge", "-m256", "--no-pci",    "--no-shconf",
		"--no-telemetry", "-l",	       "0",	"--log-level", "error",
	};
	static char *argv[sizeof(text) / sizeof(text[0]) + 1];

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		argv[i] = text[i];
	return rte_eal_init(sizeof(text) / sizeof(text[0]), argv) < 0 ? -EIO : 0;
}
