/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/complete.h"

#include <string.h>

#include "cli/complete_kind.h"

enum cli_exit cli_complete(struct cli *cli)
{
	static const struct {
		const char *shell;
		void (*print)(FILE *out);
	} shells[] = {
		{"bash", cli_complete_bash_print},
		{"zsh", cli_complete_zsh_print},
		{"fish", cli_complete_fish_print},
	};

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(cli->operand, shells[i].shell) == 0) {
			shells[i].print(stdout);
			return CLI_EXIT_OK;
		}
	return talk_fail(CLI_EXIT_USAGE,
			 "there is completion for one of " COMPLETE_SHELLS ", not for %s",
			 cli->operand);
}
