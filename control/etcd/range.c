/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/range.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "etcd/call.h"

struct etcd_range {
	struct etcd *etcd;
	struct etcd_call *call;
	struct etcd_range_request request; /* its key is ours, and moves from page to page */
	char *range_end;		   /* NULL: one key alone */
	size_t range_end_bytes;
	int64_t revision; /* of the first page, at which the others are read; 0 before */
};

static void on_page(void *context, const struct etcd_result *result);

static void free_range(struct etcd_range *range)
{
	etcd_call_cancel(range->call);
	free((void *)range->request.key.data);
	free(range->range_end);
	free(range);
}

static void finish(struct etcd_range *range, int error, const char *reason)
{
	const struct etcd_range_end end = {error, reason, range->revision};

	range->request.end(range->request.context, &end);
	free_range(range);
}

/* Result: NULL without memory. */
static json_t *make_body(const struct etcd_range *range)
{
	json_t *body =
		json_pack("{s:o, s:o, s:o}", "key", gateway_value_write_bytes(range->request.key),
			  "limit", gateway_value_write_uint(range->request.page), "revision",
			  gateway_value_write_int(range->revision));
	const struct etcd_bytes end = {range->range_end, range->range_end_bytes};

	if (body && range->range_end &&
	    json_object_set_new(body, "range_end", gateway_value_write_bytes(end)) < 0) {
		json_decref(body);
		return NULL;
	}
	return body;
}

static int ask(struct etcd_range *range)
{
	json_t *body = make_body(range);
	const struct etcd_ask asked = {
		.path = "/v3/kv/range", .body = body, .done = on_page, .context = range};
	int error = body ? etcd_call_start(range->etcd, &asked, &range->call) : -ENOMEM;

	json_decref(body);
	return error;
}

/* The next page begins with the first key behind this one. */
static int go_behind(struct etcd_range *range, struct etcd_bytes key)
{
	char *next = malloc(key.bytes + 1);

	if (!next)
		return -ENOMEM;
	memcpy(next, key.data, key.bytes);
	next[key.bytes] = '\0';
	free((void *)range->request.key.data);
	range->request.key = (struct etcd_bytes){next, key.bytes + 1};
	return 0;
}

static int visit(struct etcd_range *range, const json_t *object, bool last)
{
	struct etcd_kv kv;
	int error = gateway_kv_read(object, &kv);

	if (error)
		return error;
	range->request.visit(range->request.context, &kv);
	if (last)
		error = go_behind(range, kv.key);
	gateway_kv_clear(&kv);
	return error;
}

/* Result: 0; -EAGAIN if there are more; or -errno. */
static int read_page(struct etcd_range *range, const struct etcd_result *result)
{
	const json_t *kvs = json_object_get(result->body, "kvs");
	bool more = json_is_true(json_object_get(result->body, "more"));
	size_t nr = json_array_size(kvs);
	int error = 0;

	if (!range->revision)
		range->revision = result->header.revision;
	for (size_t i = 0; !error && i < nr; i++)
		error = visit(range, json_array_get(kvs, i), i + 1 == nr);
	if (error)
		return error;
	return more && nr ? -EAGAIN : 0;
}

static void on_page(void *context, const struct etcd_result *result)
{
	struct etcd_range *range = context;
	int error;

	range->call = NULL;
	if (result->error) {
		finish(range, result->error, result->reason);
		return;
	}
	error = read_page(range, result);
	if (error == -EAGAIN)
		error = ask(range);
	else if (!error) {
		finish(range, 0, NULL);
		return;
	}
	if (error)
		finish(range, error, strerror(-error));
}

static int find_end(struct etcd_range *range, const struct etcd_range_request *request)
{
	if (request->prefix)
		return gateway_value_prefix_end(request->key, &range->range_end,
						&range->range_end_bytes);
	if (!request->until.data)
		return 0;
	range->range_end_bytes = request->until.bytes;
	range->range_end = malloc(request->until.bytes + 1);
	if (!range->range_end)
		return -ENOMEM;
	memcpy(range->range_end, request->until.data, request->until.bytes);
	return 0;
}

int etcd_range_start(struct etcd *etcd, const struct etcd_range_request *request,
		     struct etcd_range **ret_range)
{
	struct etcd_range *range = calloc(1, sizeof(*range));
	char *key;
	int error = -ENOMEM;

	if (!range)
		return error;
	range->etcd = etcd;
	range->request = *request;
	key = malloc(request->key.bytes + 1);
	range->request.key.data = key;
	if (key) {
		memcpy(key, request->key.data, request->key.bytes);
		error = find_end(range, request);
	}
	if (!error)
		error = ask(range);
	if (error)
		free_range(range);
	else
		*ret_range = range;
	return error;
}

void etcd_range_cancel(struct etcd_range *range)
{
	if (range)
		free_range(range);
}
