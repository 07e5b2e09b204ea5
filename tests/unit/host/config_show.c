/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests: prints the configuration of each file as it counts, or what is wrong with it. */
#include <stdio.h>

#include "host/config.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct config_errors errors = {0};
		struct config *config = NULL;

		printf("== %s\n", argv[i]);
		if (config_load(argv[i], &config, &errors) == 0)
			config_print(config, stdout);
		else
			config_errors_print(&errors, stdout);
		config_free(config);
		config_errors_free(&errors);
	}
	return 0;
}
