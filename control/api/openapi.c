/* SPDX-License-Identifier: BSD-3-Clause */
/* The OpenAPI 3.1 document, made from the rows of routes, request bodies and answers. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call/call.h"
#include "api/call/context.h"
#include "api/call/receipt.h"
#include "api/describe/answers.h"
#include "api/describe/problems.h"
#include "api/describe/schemas.h"
#include "api/event_lines.h"
#include "api/handlers.h"
#include "json/shape.h"

#define ID_PATTERN	"^[A-Za-z0-9_][A-Za-z0-9._-]*$"
#define ALWAYS_STATUSES "400 403 408 429 500 503"

static json_t *make_parameter(const char *name, const char *where, const char *help, json_t *schema)
{
	return json_pack("{s:s, s:s, s:b, s:s, s:o}", "name", name, "in", where, "required",
			 strcmp(where, "path") == 0, "description", help, "schema", schema);
}

static json_t *make_id(void)
{
	return make_parameter("id", "path", "the build's id",
			      json_pack("{s:s, s:i, s:i, s:s}", "type", "string", "minLength", 1,
					"maxLength", BUILD_ID_MAX, "pattern", ID_PATTERN));
}

static json_t *make_query(const struct api_parameter *parameter)
{
	json_t *schema = json_pack("{s:s}", "type", parameter->values ? "string" : "integer");
	json_t *values;

	if (parameter->values && strcmp(parameter->values, "*") != 0) {
		values = json_array();
		for (const char *value = parameter->values; *value;) {
			size_t len = strcspn(value, "|");

			json_array_append_new(values, json_stringn(value, len));
			value += len + (value[len] == '|');
		}
		json_object_set_new(schema, "enum", values);
	}
	return make_parameter(parameter->name, "query", parameter->help, schema);
}

static void add_headers(json_t *array, const char *names)
{
	char name[32] = "";

	for (; names && *names; names += strspn(names, " ")) {
		size_t len = strcspn(names, " ");

		snprintf(name, sizeof(name), "%.*s", (int)len, names);
		names += len;
		json_array_append_new(array, make_parameter(name, "header",
							    "entity tags of the build, or *",
							    json_pack("{s:s}", "type", "string")));
	}
}

static json_t *make_key(void)
{
	return make_parameter(
		API_RECEIPT_HEADER, "header",
		"the same request with the same key is answered the same and "
		"changes nothing again",
		json_pack("{s:s, s:s}", "type", "string", "pattern", API_RECEIPT_PATTERN));
}

static json_t *make_parameters(const struct api_route *route)
{
	json_t *array = json_array();

	if (strstr(route->path, "{id}"))
		json_array_append_new(array, make_id());
	for (unsigned int i = 0; i < API_PARAMETERS_MAX && route->parameter[i].name; i++)
		json_array_append_new(array, make_query(&route->parameter[i]));
	add_headers(array, route->headers);
	if (call_route_changes(route))
		json_array_append_new(array, make_key());
	return array;
}

static json_t *make_body(const struct api_route *route)
{
	return json_pack(
		"{s:b, s:{s:{s:o}}}", "required", route->body == API_BODY_REQUIRED, "content",
		"application/json", "schema",
		describe_schemas_reference(route->told ? route->told->name : route->table->name));
}

/* What is said of a cut that the journal has not taken yet. */
static json_t *add_owed(const struct api_route *route, json_t *response)
{
	if (route->cuts)
		json_object_set_new(
			response, "headers",
			json_pack("{s:{s:s, s:{s:s}}}", API_OWED_HEADER, "description",
				  "there if the journal could not be written: it follows later; "
				  "with 202, the cut would not outlive a crash of the host",
				  "schema", "type", "string"));
	return response;
}

/* What is neither text nor a shape: lines of events, and a document like this one. */
static json_t *make_schema(const char *media_type)
{
	if (strcmp(media_type, "application/x-ndjson") == 0)
		return describe_schemas_reference("Event");
	if (strcmp(media_type, "application/json") == 0)
		return json_pack("{s:s}", "type", "object");
	return json_pack("{s:s}", "type", "string");
}

static json_t *make_content(const struct api_route *route)
{
	json_t *content = json_object();
	char media_type[32] = "";

	if (route->shape)
		json_object_set_new(content, "application/json",
				    json_pack("{s:o}", "schema",
					      describe_schemas_reference(route->shape->name)));
	for (const char *types = route->answer; *types; types += strspn(types, " ")) {
		size_t len = strcspn(types, " ");

		snprintf(media_type, sizeof(media_type), "%.*s", (int)len, types);
		types += len;
		if (!json_object_get(content, media_type))
			json_object_set_new(content, media_type,
					    json_pack("{s:o}", "schema", make_schema(media_type)));
	}
	return content;
}

static json_t *make_success(const struct api_route *route, const char *description)
{
	json_t *response = json_pack("{s:s}", "description", description);

	if (route->answer)
		json_object_set_new(response, "content", make_content(route));
	return add_owed(route, response);
}

static json_t *make_problem(const char *status)
{
	char name[DESCRIBE_NAME_BYTES];

	snprintf(name, sizeof(name), "Problem%s", status);
	return json_pack("{s:s, s:{s:{s:o}}}", "description", "A problem", "content",
			 "application/problem+json", "schema", describe_schemas_reference(name));
}

static json_t *make_response(const struct api_route *route, const char *status)
{
	switch (status[0]) {
	case '2':
		return make_success(route, strcmp(status, "202") == 0 ? "Accepted" : "Created");
	case '3':
		return json_pack("{s:s}", "description", "As known");
	default:
		return make_problem(status);
	}
}

static void add_statuses(json_t *responses, const struct api_route *route, const char *statuses)
{
	char status[4] = "";

	for (; statuses && *statuses; statuses += strspn(statuses, " ")) {
		memcpy(status, statuses, 3);
		statuses += 3;
		json_object_set_new(responses, status, make_response(route, status));
	}
}

static json_t *make_responses(const struct api_route *route)
{
	json_t *responses = json_object();

	json_object_set_new(responses, route->answer ? "200" : "204", make_success(route, "Done"));
	add_statuses(responses, route, ALWAYS_STATUSES);
	add_statuses(responses, route, route->body == API_BODY_NONE ? NULL : "413 415");
	add_statuses(responses, route, route->statuses);
	return responses;
}

static json_t *make_operation(const struct api_route *route)
{
	json_t *operation =
		json_pack("{s:s, s:s, s:s, s:o, s:o}", "operationId", route->operation, "summary",
			  route->help, "x-role", roles_name(route->role), "parameters",
			  make_parameters(route), "responses", make_responses(route));

	if (route->body != API_BODY_NONE)
		json_object_set_new(operation, "requestBody", make_body(route));
	return operation;
}

static void add_route(json_t *paths, const struct api_route *route)
{
	json_t *path = json_object_get(paths, route->path);
	char method[8] = "";

	if (!path) {
		path = json_object();
		json_object_set_new(paths, route->path, path);
	}
	for (size_t i = 0; route->method[i] && i + 1 < sizeof(method); i++)
		method[i] = (char)tolower((unsigned char)route->method[i]);
	json_object_set_new(path, method, make_operation(route));
}

static json_t *make_schemas(const struct api_route *routes)
{
	json_t *schemas = json_object();

	for (const struct api_route *route = routes; route->method; route++) {
		if (route->table)
			describe_schemas_add(schemas, route->table);
		if (route->shape)
			describe_answers_add(schemas, route->shape);
		if (route->told)
			describe_answers_add(schemas, route->told);
	}
	api_event_lines_describe(schemas);
	describe_problems_add(schemas);
	return schemas;
}

void api_openapi_get(struct api_call *call)
{
	json_t *paths = json_object(), *schemas = make_schemas(call->api->routes);

	for (const struct api_route *route = call->api->routes; route->method; route++)
		add_route(paths, route);
	call_reply_json(call, 200,
			json_pack("{s:s, s:{s:s, s:s, s:s}, s:[{s:s}], s:o, s:{s:o}}", "openapi",
				  "3.1.0", "info", "title", "sallyport", "version",
				  SALLYPORT_VERSION, "description",
				  "Ways in to build VMs, over a UNIX stream socket", "servers",
				  "url", "/", "paths", paths, "components", "schemas", schemas));
}
