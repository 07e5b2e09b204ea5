/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/check.h"

#include <errno.h>

#include "hooks/directory/list.h"
#include "hooks/directory/passed_over.h"
#include "hooks/options.h"
#include "hooks/webhook/keys.h"
#include "hooks/webhook/post.h"
#include "host/log.h"

static int check_directory(const struct options *options)
{
	struct directory_list list = {0};
	int error = directory_list_hooks(options->directory, &list);

	if (error == -ENOENT && options->may_lack_directory)
		return 0;
	if (error)
		log_write(LOG_ERR, "The directory of hooks cannot be read: nobody would be told.",
			  log_string("directory", options->directory), log_error("error", error));
	else if (!list.nr && !options->webhook)
		log_write(LOG_WARNING,
			  "There is neither a hook nor a webhook: events pass, and nobody is told.",
			  log_string("directory", options->directory));
	directory_list_clear(&list);
	return error;
}

static int check_keys(const struct options *options)
{
	char reason[WEBHOOK_REASON_BYTES];
	struct webhook_keys keys;
	int error = webhook_keys_read(options->keys, &keys, reason);

	if (error < 0)
		log_write(LOG_ERR, "The keys of the webhook cannot be used.",
			  log_string("reason", reason));
	else
		webhook_keys_wipe(&keys);
	return error;
}

static int check_headers(const struct options *options)
{
	char reason[WEBHOOK_REASON_BYTES];
	int error = webhook_post_check_headers(options->headers, reason);

	if (error < 0)
		log_write(LOG_ERR, "The headers of the webhook cannot be used.",
			  log_string("reason", reason));
	return error;
}

int hooks_check(const struct options *options, struct passed_over *passed)
{
	int error = check_directory(options);

	if (!error)
		directory_passed_over_tell(passed, options->directory);
	if (!error && options->keys)
		error = check_keys(options);
	if (!error && options->headers)
		error = check_headers(options);
	return error;
}
