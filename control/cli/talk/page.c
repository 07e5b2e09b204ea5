/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/talk/page.h"

#include <stdio.h>
#include <stdlib.h>

/* Result: whether it could; otherwise the path is freed. */
static bool add_argument(struct cli *cli, char **path, const char *name, const char *value)
{
	char *escaped = talk_client_escape(cli->client, value), *longer = NULL;

	if (!escaped || asprintf(&longer, "%s&%s=%s", *path, name, escaped) < 0)
		longer = NULL;
	free(escaped);
	free(*path);
	*path = longer;
	return longer != NULL;
}

static char *make_path(struct cli *cli, const char *base, const struct page_argument *arguments,
		       json_int_t after)
{
	char *path;

	if (asprintf(&path, "%s&after=%" JSON_INTEGER_FORMAT, base, after) < 0)
		return NULL;
	for (; arguments->option; arguments++) {
		const char *value = talk_option(cli, arguments->option);

		if (value && !add_argument(cli, &path, arguments->name,
					   arguments->flag ? arguments->flag : value))
			return NULL;
	}
	return path;
}

enum cli_exit talk_page_get(struct cli *cli, const char *base,
			    const struct page_argument *arguments, json_int_t after,
			    struct client_answer *ret_answer)
{
	char *path = make_path(cli, base, arguments, after);
	enum cli_exit code;

	if (!path)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	code = talk_call(cli, "GET", path, NULL, ret_answer);
	free(path);
	return code;
}
