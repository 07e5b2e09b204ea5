/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/deliver.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hooks/notice.h"
#include "hooks/options.h"
#include "hooks/script.h"
#include "hooks/stop.h"
#include "hooks/webhook.h"
#include "host/log.h"

/* Tries once to deliver to one place. Result: 0, or anything else for "not acknowledged". */
typedef int attempt(const struct options *options, const char *name, const struct notice *notice,
		    const struct stop *stop);

static int try_script(const struct options *options, const char *name, const struct notice *notice,
		      const struct stop *stop)
{
	int result = hooks_script_run(options->directory, name, notice, options->time_limit_ns);

	if (result > 0)
		log_write(LOG_WARNING, "A hook failed.", log_string("hook", name),
			  log_number("status", result), log_number("seq", (int64_t)notice->seq));
	else if (result < 0)
		log_write(LOG_WARNING, "A hook failed.", log_string("hook", name),
			  log_error("error", result), log_number("seq", (int64_t)notice->seq));
	return result;
}

static int try_webhook(const struct options *options, const char *name, const struct notice *notice,
		       const struct stop *stop)
{
	const char *reason = "";
	int result = hooks_webhook_post(name, notice, options->time_limit_ns, stop, &reason);

	if (result > 0)
		log_write(LOG_WARNING, "The webhook refused an event.",
			  log_number("status", result), log_number("seq", (int64_t)notice->seq));
	else if (result < 0 && result != -EINTR)
		log_write(LOG_WARNING, "The webhook could not be reached.",
			  log_string("reason", reason), log_number("seq", (int64_t)notice->seq));
	return result;
}

static int try_again(const struct options *options, attempt *try, const char *name,
		     const struct notice *notice, const struct stop *stop)
{
	uint64_t pause_ns = options->retry_min_ns;

	for (;;) {
		if (hooks_stop_asked(stop))
			return -EINTR;
		if (!try(options, name, notice, stop))
			return 0;
		if (hooks_stop_wait(stop, pause_ns))
			return -EINTR;
		pause_ns =
			2 * pause_ns < options->retry_max_ns ? 2 * pause_ns : options->retry_max_ns;
	}
}

/* A hook that was removed is no longer waited for. */
static int try_present(const struct options *options, const char *name, const struct notice *notice,
		       const struct stop *stop)
{
	struct script_list list;
	bool present = false;
	int error = hooks_script_list(options->directory, &list);

	if (error) {
		log_write(LOG_WARNING, "The hooks cannot be listed.",
			  log_string("directory", options->directory), log_error("error", error));
		return error;
	}
	for (unsigned int i = 0; i < list.nr; i++)
		present |= strcmp(list.name[i], name) == 0;
	hooks_script_list_clear(&list);
	return present ? try_script(options, name, notice, stop) : 0;
}

static int try_list(const struct options *options, const char *name, const struct notice *notice,
		    const struct stop *stop)
{
	struct script_list list;
	int result = hooks_script_list(options->directory, &list);

	if (result) {
		log_write(LOG_WARNING, "The hooks cannot be listed.",
			  log_string("directory", options->directory), log_error("error", result));
		return result;
	}
	for (unsigned int i = 0; i < list.nr && !result; i++)
		result = try_again(options, try_present, list.name[i], notice, stop);
	hooks_script_list_clear(&list);
	return result;
}

int hooks_deliver(const struct options *options, const struct notice *notice,
		  const struct stop *stop)
{
	int result = try_again(options, try_list, NULL, notice, stop);

	if (!result && options->webhook)
		result = try_again(options, try_webhook, options->webhook, notice, stop);
	return result;
}
