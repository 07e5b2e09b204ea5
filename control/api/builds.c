/* SPDX-License-Identifier: BSD-3-Clause */
/* /v1/builds and what is below. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/addr.h>

#include "api/body/body.h"
#include "api/call/call.h"
#include "api/call/context.h"
#include "api/handlers.h"
#include "api/render.h"
#include "connect/clients.h"
#include "connect/connect.h"
#include "edge/put/all.h"
#include "host/addr.h"
#include "watch/watch.h"
#include "json/shape.h"

#define LIST_DEFAULT 100
#define LIST_MAX     1000

const struct json_shape api_builds_list_shape = {
	.name = "Builds",
	.members =
		(const struct json_shape_member[]){
			{"builds", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &api_render_build_shape},
			{"next", JSON_SHAPE_INTEGER, .many = JSON_SHAPE_OR_NULL, .example = "17",
			 .help = "after, for the next page; null: this is the last one"},
			{0},
		},
};

static struct api_view view_of(const struct api_call *call)
{
	return (struct api_view){
		.edge = call->api->edge,
		.settings = edge_settings(call->api->edge),
		.table = call->api->table,
		.now = call->edge.now,
	};
}

/* What is in force, but would not outlive a crash of the host, is no more than accepted. */
static unsigned int status_of(const struct edge_result *result, unsigned int done)
{
	return result->standing == EDGE_LOOSE ? 202 : done;
}

static int make_build(const struct api_call *call, const void *context,
		      const struct edge_outcome *outcome, struct api_reply *ret_reply)
{
	const struct api_view view = view_of(call);
	const struct edge_result *result = &outcome->build;

	*ret_reply = (struct api_reply){
		.status = status_of(result, result->change == EDGE_CREATED ? 201 : 200),
		.body = api_render_build(&view, result->build),
		.build = result->build,
		.location = result->change == EDGE_CREATED,
		.removed = result->removed,
		.standing = result->standing,
	};
	return ret_reply->body ? 0 : -ENOMEM;
}

/* Also when it had ended already: whoever ended it may have been told of a stuck worker. */
static int make_removal(const struct api_call *call, const void *context,
			const struct edge_outcome *outcome, struct api_reply *ret_reply)
{
	const struct edge_result *result = &outcome->build;

	*ret_reply = (struct api_reply){
		.status = status_of(result, 204),
		.removed = true,
		.standing = result->standing,
	};
	return 0;
}

static void conclude(struct api_call *call, int result, const struct edge_outcome *outcome)
{
	if (result < 0)
		call_refuse(call);
	else
		call_receipt_reply(call, outcome);
}

/* Result: the build, or NULL and the call is answered. */
static const struct build *find_build(struct api_call *call)
{
	const struct build *build = edge_get(call->api->edge, call->id);

	if (!build)
		call_refuse_with(call, PROBLEM_NOT_FOUND, "There is no build %s.", call->id);
	return build;
}

/* What finish, extend and cancel have to look at before they act. */
static bool may_change(struct api_call *call)
{
	const struct build *build = find_build(call);

	return build && call_check_match(call, build);
}

static void put_done(struct edge_put *put, int result, const struct edge_result *put_result)
{
	struct edge_outcome outcome = {0};

	if (result == 0)
		outcome.build = *put_result;
	conclude(put->context, result, &outcome);
}

/* Result: whether there is something to put; otherwise the call is answered. */
static bool read_put(struct api_call *call, struct build_spec *spec, struct edge_put *put)
{
	size_t bytes;
	const char *text = http_request_body(call->request, &bytes);

	model_build_spec_init(spec);
	memcpy(spec->id, call->id, sizeof(spec->id));
	if (body_read_build(text, bytes, spec, &call->problem) < 0) {
		model_build_spec_free(spec);
		call_refuse(call);
		return false;
	}
	model_clock_read(&call->edge.now);
	call_receipt_expect(call, make_build, NULL);
	*put = (struct edge_put){call->edge, spec, put_done, call};
	return true;
}

static void put_all(struct api_call *const *calls, unsigned int nr_calls, struct build_spec *specs,
		    struct edge_put *puts)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < nr_calls; i++)
		nr += read_put(calls[i], &specs[nr], &puts[nr]);
	if (nr > 0)
		put_all_builds(calls[0]->api->edge, puts, nr);
	for (unsigned int i = 0; i < nr; i++)
		model_build_spec_free(&specs[i]);
}

void api_builds_put_all(struct api_call *const *calls, unsigned int nr_calls)
{
	struct build_spec *specs = calloc(nr_calls, sizeof(*specs));
	struct edge_put *puts = calloc(nr_calls, sizeof(*puts));

	if (specs && puts)
		put_all(calls, nr_calls, specs, puts);
	for (unsigned int i = 0; i < nr_calls; i++)
		if (calls[i]->request)
			call_refuse(calls[i]);
	free(specs);
	free(puts);
}

void api_builds_put(struct api_call *call)
{
	if (call_check_match(call, edge_get(call->api->edge, call->id)))
		api_builds_put_all(&call, 1);
}

void api_builds_get(struct api_call *call)
{
	const struct edge_outcome outcome = {.build.build = find_build(call)};
	const struct build *build = outcome.build.build;

	call_receipt_expect(call, make_build, NULL);
	if (build && call_is_known(call, build))
		call_reply_with(call, &(struct api_reply){.status = 304, .build = build});
	else if (build)
		conclude(call, 0, &outcome);
}

void api_builds_delete(struct api_call *call)
{
	struct edge_outcome outcome = {0};

	if (!may_change(call))
		return;
	call_receipt_expect(call, make_removal, NULL);
	conclude(call, edge_calls_cancel(call->api->edge, &call->edge, call->id, &outcome.build),
		 &outcome);
}

/* Neither a precondition nor a key, that may be of a request of long ago, can be judged here. */
void api_builds_delete_ahead(const struct api_call *call)
{
	if (!http_request_header(call->request, "If-Match") &&
	    !http_request_header(call->request, "If-None-Match") &&
	    !http_request_header(call->request, API_RECEIPT_HEADER))
		edge_calls_cut_ahead(call->api->edge, call->id);
}

void api_builds_finish(struct api_call *call)
{
	struct edge_outcome outcome = {0};
	uint64_t finished_wall_ns;
	size_t bytes;
	const char *text = http_request_body(call->request, &bytes);
	int r;

	if (!may_change(call))
		return;
	call_receipt_expect(call, make_build, NULL);
	r = body_read_finish(text, bytes, &finished_wall_ns, &call->problem);
	if (r == 0)
		r = edge_calls_finish(call->api->edge, &call->edge, call->id, finished_wall_ns,
				      &outcome.build);
	conclude(call, r, &outcome);
}

void api_builds_extend(struct api_call *call)
{
	struct edge_extension extension;
	struct edge_outcome outcome = {0};
	size_t bytes;
	const char *text = http_request_body(call->request, &bytes);
	int r;

	if (!may_change(call))
		return;
	call_receipt_expect(call, make_build, NULL);
	r = body_read_extend(text, bytes, &extension, &call->problem);
	if (r == 0)
		r = edge_calls_extend(call->api->edge, &call->edge, call->id, &extension,
				      &outcome.build);
	conclude(call, r, &outcome);
}

struct list_query {
	enum session_state state; /* SESSION_STATES_NR: any */
	bool by_address;
	struct sp_addr address; /* of a VM */
	uint64_t after;
	uint64_t limit;
};

/* Result: whether to go on; otherwise the call is answered. */
static bool read_list_query(struct api_call *call, struct list_query *query)
{
	const char *state = http_request_query(call->request, "state");
	const char *address = http_request_query(call->request, "address");

	*query = (struct list_query){.state = SESSION_STATES_NR, .limit = LIST_DEFAULT};
	if (state && model_session_state_parse(state, &query->state) < 0) {
		call_refuse_with(call, PROBLEM_INVALID,
				 "The query argument state must be one of reserved, running, "
				 "finished, ended.");
		return false;
	}
	query->by_address = address != NULL;
	if (address && addr_parse(address, &query->address) < 0) {
		call_refuse_with(call, PROBLEM_INVALID,
				 "The query argument address must be an IPv4 or IPv6 address, "
				 "without a port.");
		return false;
	}
	return call_query_number(call, "after", 0, UINT64_MAX, &query->after) &&
	       call_query_number(call, "limit", 1, LIST_MAX, &query->limit);
}

static bool has_address(const struct build *build, const struct sp_addr *address)
{
	for (unsigned int i = 0; i < build->nr_nodes; i++)
		if (build->nodes[i].has_address && sp_addr_equal(&build->nodes[i].address, address))
			return true;
	return false;
}

static bool is_asked_for(const struct build *build, const struct list_query *query)
{
	return (query->state == SESSION_STATES_NR || build->state == query->state) &&
	       (!query->by_address || has_address(build, &query->address));
}

static const struct build *next_build(const struct edge *edge, const struct list_query *query,
				      uint64_t after)
{
	const struct build *build = edge_after(edge, after);

	while (build && !is_asked_for(build, query))
		build = edge_after(edge, build->serial);
	return build;
}

void api_builds_list(struct api_call *call)
{
	const struct edge *edge = call->api->edge;
	const struct api_view view = view_of(call);
	json_t *builds, *next = NULL;
	struct list_query query;
	const struct build *build;
	uint64_t last;

	if (!read_list_query(call, &query))
		return;
	builds = json_array();
	last = query.after;
	build = next_build(edge, &query, last);
	for (; build && query.limit; query.limit--) {
		json_array_append_new(builds, api_render_build(&view, build));
		last = build->serial;
		build = next_build(edge, &query, last);
	}
	next = build ? json_integer((json_int_t)last) : json_null();
	call_reply_json(call, 200, JSON_SHAPE_OBJECT_OF(&api_builds_list_shape, builds, next));
}

/* Result: whether to go on; otherwise the call is answered. */
static bool read_connect_query(struct api_call *call, enum connect_view *view,
			       enum connect_format *format)
{
	const char *view_name = http_request_query(call->request, "view");
	const char *format_name = http_request_query(call->request, "format");

	*view = CONNECT_ENABLE;
	*format = CONNECT_TEXT;
	if (view_name && connect_parse_view(view_name, view) < 0)
		call_refuse_with(call, PROBLEM_INVALID,
				 "The query argument view must be enable or wait.");
	else if (format_name && connect_parse_format(format_name, format) < 0)
		call_refuse_with(call, PROBLEM_INVALID,
				 "The query argument format must be one of text, markdown, "
				 "json, ssh_config, known_hosts.");
	return call->request != NULL;
}

struct connect_job {
	struct connect connect;
	enum connect_format format;
	struct connect_clients clients;
};

static void write_connect(const void *what, FILE *out)
{
	const struct connect_job *job = what;

	connect_write(&job->connect, job->format, out);
}

void api_builds_connect(struct api_call *call)
{
	struct connect_job job = {
		.connect.settings = edge_settings(call->api->edge),
		.connect.now = call->edge.now,
	};

	if (!read_connect_query(call, &job.connect.view, &job.format))
		return;
	job.connect.build = find_build(call);
	if (job.connect.build && call->api->watch) {
		watch_look(call->api->watch);
		connect_clients_find(watch_connections(call->api->watch), call->api->table,
				     job.connect.build, &job.connect.now, &job.clients);
		job.connect.clients = &job.clients;
	}
	if (job.connect.build)
		call_reply_printed(call, connect_media_type(job.format), write_connect, &job);
}
