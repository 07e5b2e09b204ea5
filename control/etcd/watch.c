/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etcd/post.h"
#include "etcd/state.h"

struct etcd_watch {
	struct etcd *etcd;
	struct etcd_watch_options options; /* without its prefix */
	struct transfer *transfer;
	struct etcd_listener listener; /* of the member that has it */
	sd_event_source *breaking;     /* once it is broken, off before */
	char reason[ETCD_POST_REASON_BYTES];
};

static void free_watch(struct etcd_watch *watch)
{
	LIST_REMOVE(&watch->listener, link);
	transfer_cancel(watch->transfer);
	sd_event_source_disable_unref(watch->breaking);
	free(watch);
}

static int on_breaking(sd_event_source *source, void *context)
{
	struct etcd_watch *watch = context;

	watch->options.broken(watch->options.context, watch->reason);
	free_watch(watch);
	return 0;
}

/* From here on nothing is told; the end is, from the loop. */
static void break_it(struct etcd_watch *watch, const char *reason)
{
	if (*watch->reason)
		return;
	snprintf(watch->reason, sizeof(watch->reason), "%s", reason);
	sd_event_source_set_enabled(watch->breaking, SD_EVENT_ONESHOT);
}

static void on_member_failed(void *context)
{
	break_it(context, "its member does not answer");
}

/* One event. Result: 0 or -errno. */
static int tell_event(const struct etcd_watch *watch, const json_t *event)
{
	const struct etcd_watch_options *options = &watch->options;
	const char *type = json_string_value(json_object_get(event, "type")); /* PUT is left out */
	struct etcd_kv kv;
	int error = gateway_kv_read(json_object_get(event, "kv"), &kv);

	if (error)
		return error;
	if (type && strcmp(type, "DELETE") == 0)
		options->gone(options->context, kv.key);
	else
		options->put(options->context, &kv);
	gateway_kv_clear(&kv);
	return 0;
}

/* Result: 0 or -errno. */
static int tell_events(const struct etcd_watch *watch, const json_t *result)
{
	size_t index;
	json_t *event;
	int error = 0;

	json_array_foreach (json_object_get(result, "events"), index, event) {
		error = tell_event(watch, event);
		if (error)
			break;
	}
	return error;
}

static void say_cancelled(struct etcd_watch *watch, const json_t *result)
{
	const char *reason = json_string_value(json_object_get(result, "cancel_reason"));
	int64_t compacted = 0;

	gateway_value_read_int(result, "compact_revision", &compacted);
	break_it(watch, compacted ? "what it was to begin with has been compacted"
			: reason  ? reason
				  : "the store cancelled it");
}

static void read_result(struct etcd_watch *watch, const json_t *result)
{
	struct etcd_header header;
	int error = 0;

	if (gateway_header_read(result, &header) != 0)
		break_it(watch, "the stream is none of etcd's");
	else if (etcd_post_believe(watch->etcd, watch->listener.member, &header) != 0)
		break_it(watch, "its member is not to be believed");
	else if (json_is_true(json_object_get(result, "canceled")))
		say_cancelled(watch, result);
	else if (json_is_true(json_object_get(result, "created")))
		watch->options.begun(watch->options.context);
	else
		error = tell_events(watch, result);
	if (error)
		break_it(watch, strerror(-error));
}

static void read_line(struct etcd_watch *watch, const char *line, size_t bytes)
{
	json_t *object = json_loadb(line, bytes, JSON_ALLOW_NUL, NULL);
	const json_t *result = json_object_get(object, "result");
	const json_t *error = json_object_get(object, "error");
	const char *message = json_string_value(json_object_get(error, "message"));

	if (!message) /* of an answer that never became a stream */
		message = json_string_value(json_object_get(object, "message"));
	if (result)
		read_result(watch, result);
	else
		break_it(watch, message ? message : "the stream is none of etcd's");
	json_decref(object);
}

static void on_line(void *context, const char *line, size_t bytes)
{
	struct etcd_watch *watch = context;

	if (!*watch->reason)
		read_line(watch, line, bytes);
}

static void on_end(void *context, const struct transfer_end *end)
{
	struct etcd_watch *watch = context;
	unsigned int member = watch->listener.member;

	watch->transfer = NULL;
	break_it(watch, end->error ? end->reason : "the member ended it");
	if (end->error)
		etcd_post_failed(watch->etcd, member, watch->reason);
}

/* Result: NULL without memory. */
static char *make_body(const struct etcd_watch_options *options, struct etcd_bytes end)
{
	json_t *object = json_pack("{s:{s:o, s:o, s:o}}", "create_request", "key",
				   gateway_value_write_bytes(options->prefix), "range_end",
				   gateway_value_write_bytes(end), "start_revision",
				   gateway_value_write_int(options->revision));
	char *body = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	return body;
}

static int post(struct etcd_watch *watch, struct etcd_bytes end)
{
	char *body = make_body(&watch->options, end);
	const struct etcd_post post = {
		.path = "/v3/watch",
		.body = body,
		.needs_leader = true,
		.line = on_line,
		.end = on_end,
		.context = watch,
	};
	int error =
		body ? etcd_post_start(watch->etcd, watch->listener.member, &post, &watch->transfer)
		     : -ENOMEM;

	free(body);
	return error;
}

int etcd_watch_open(struct etcd *etcd, const struct etcd_watch_options *options,
		    struct etcd_watch **ret_watch)
{
	struct etcd_watch *watch = calloc(1, sizeof(*watch));
	struct etcd_bytes end = {0};
	char *data = NULL;
	int r;

	if (!watch)
		return -ENOMEM;
	watch->etcd = etcd;
	watch->options = *options;
	watch->listener = (struct etcd_listener){
		.member = etcd->members.current, .failed = on_member_failed, .context = watch};
	LIST_INSERT_HEAD(&etcd->listeners, &watch->listener, link);
	r = sd_event_add_defer(etcd->options.event, &watch->breaking, on_breaking, watch);
	if (r >= 0)
		r = sd_event_source_set_enabled(watch->breaking, SD_EVENT_OFF);
	if (r >= 0 && !options->until.data)
		r = gateway_value_prefix_end(options->prefix, &data, &end.bytes);
	end.data = data;
	if (r >= 0)
		r = post(watch, data ? end : options->until);
	free(data);
	watch->options.prefix = watch->options.until = (struct etcd_bytes){0};
	if (r < 0) {
		free_watch(watch);
		return r;
	}
	*ret_watch = watch;
	return 0;
}

void etcd_watch_close(struct etcd_watch *watch)
{
	if (watch)
		free_watch(watch);
}
