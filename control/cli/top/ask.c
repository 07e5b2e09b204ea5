/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/boottime.h"

#define LOOK_LIMIT_MS	2000  /* then it is asked again */
#define CANCEL_LIMIT_MS 15000 /* a removal is confirmed by all workers */

void top_ask_lost(struct top *top, const char *why)
{
	if (!*top->lost)
		top->lost_ns = top->called_ns ? top->called_ns : boottime_now_ns();
	snprintf(top->lost, sizeof(top->lost), "%s", *why ? why : "no answer");
}

static void take(struct client_answer *answer, struct top_answer *ret_answer)
{
	*ret_answer = (struct top_answer){
		.status = answer->status,
		.json = json_loadb(answer->body, answer->body_bytes, 0, NULL),
		.moment = {boottime_now_ns(), boottime_wall_ns()},
		.text = answer->body,
	};
	answer->body = NULL;
	talk_client_answer_clear(answer);
}

int top_ask_get(struct client *client, struct top *top, const char *path,
		struct top_answer *ret_answer)
{
	struct client_answer answer;
	int r;

	talk_client_set_time_limit(client, LOOK_LIMIT_MS);
	top->called_ns = boottime_now_ns();
	r = talk_client_call(client, "GET", path, NULL, &answer);
	if (r < 0)
		top_ask_lost(top, r == -ENOMEM ? "out of memory" : talk_client_error(client));
	top->called_ns = 0;
	if (r < 0)
		return r;
	take(&answer, ret_answer);
	return 0;
}

/* Result: a path to be freed, or NULL without memory. */
static char *make_path(struct client *client, const char *id, const char *suffix)
{
	char *escaped = talk_client_escape(client, id), *path;

	if (!escaped)
		return NULL;
	if (asprintf(&path, "/v1/builds/%s%s", escaped, suffix) < 0)
		path = NULL;
	free(escaped);
	return path;
}

int top_ask_build(struct client *client, struct top *top, const char *id, const char *suffix,
		  struct top_answer *ret_answer)
{
	char *path = make_path(client, id, suffix);
	int r = path ? top_ask_get(client, top, path, ret_answer) : -ENOMEM;

	if (!path)
		top_ask_lost(top, "out of memory");
	free(path);
	return r;
}

void top_ask_clear(struct top_answer *answer)
{
	json_decref(answer->json);
	free(answer->text);
	*answer = (struct top_answer){0};
}

static void tell(struct top *top, const char *id, const struct client_answer *answer)
{
	json_t *problem = json_loadb(answer->body, answer->body_bytes, 0, NULL);

	top->message_bad = answer->status < 200 || answer->status >= 300;
	if (json_is_string(json_object_get(problem, "title")))
		snprintf(top->message, sizeof(top->message), "%s is not cancelled: %s: %s", id,
			 talk_text(problem, "title"), talk_text(problem, "detail"));
	else if (top->message_bad)
		snprintf(top->message, sizeof(top->message), "%s is not cancelled: status %u", id,
			 answer->status);
	else
		snprintf(top->message, sizeof(top->message), "%s is cancelled%s.", id,
			 answer->status == 202 ? "; the journal could not be written yet" : "");
	json_decref(problem);
}

static void cancel(struct client *client, struct top *top, const char *id)
{
	char *path = make_path(client, id, "");
	struct client_answer answer;
	int r;

	talk_client_set_time_limit(client, CANCEL_LIMIT_MS);
	top->called_ns = boottime_now_ns();
	r = path ? talk_client_call(client, "DELETE", path, NULL, &answer) : -ENOMEM;
	top->called_ns = 0;
	free(path);
	if (r == 0) {
		tell(top, id, &answer);
		talk_client_answer_clear(&answer);
		return;
	}
	top->message_bad = true;
	snprintf(top->message, sizeof(top->message), "%s may be cancelled or not: %s", id,
		 r == -ENOMEM ? "out of memory" : talk_client_error(client));
}

void top_ask_cancel(struct client *client, struct top *top)
{
	cancel(client, top, top->cancel_id);
	top->cancel_id[0] = '\0';
}
