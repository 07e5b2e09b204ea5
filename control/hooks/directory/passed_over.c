/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/directory/passed_over.h"

#include "host/log.h"

void directory_passed_over_tell(struct passed_over *passed, const char *directory)
{
	struct directory_list others;

	if (directory_list_others(directory, &others))
		return;
	for (unsigned int i = 0; i < others.nr; i++) {
		const char *reason = directory_list_why_not(directory, others.name[i]);

		if (reason && !directory_list_has(&passed->told, others.name[i]))
			log_write(LOG_WARNING,
				  "A file beside the hooks is none: it is passed over.",
				  log_string("directory", directory),
				  log_string("file", others.name[i]), log_string("reason", reason));
	}
	directory_list_clear(&passed->told);
	passed->told = others;
}

void directory_passed_over_clear(struct passed_over *passed)
{
	directory_list_clear(&passed->told);
}
