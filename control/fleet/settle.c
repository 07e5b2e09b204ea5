/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/settle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "etcd/range.h"
#include "fleet/edges/owed.h"
#include "fleet/queue.h"
#include "fleet/state/await.h"
#include "fleet/state/fleet.h"
#include "fleet/state/holder.h"
#include "fleet/state/roll.h"
#include "fleet/state/write.h"
#include "fleet/store/claims.h"
#include "fleet/store/mirror.h"
#include "fleet/talk/answer.h"
#include "fleet/talk/apply.h"
#include "host/config.h"
#include "host/log.h"
#include "http/server.h"

static void finish_task(struct change *change)
{
	struct roll_task task = change->task;

	change->task = (struct roll_task){-1, -1};
	state_roll_finish(change->fleet, task);
}

static void end_change(struct change *change, const struct fleet_change_end *end)
{
	void (*then)(void *context, const struct fleet_change_end *end) = change->then;
	void *context = change->context;

	LIST_REMOVE(change, link);
	state_stale_wait_no_more(&change->behind);
	state_keep_wait_no_more(&change->on_disk);
	finish_task(change);
	if (change_is_own(change))
		edges_owed_told(change->fleet->owed, change->id);
	etcd_range_cancel(change->look);
	etcd_txn_cancel(change->txn);
	talk_apply_cancel(change->apply);
	state_await_cancel(change->wait);
	transfer_cancel(change->transfer);
	store_record_free(change->before);
	store_record_free(change->after);
	json_decref(change->body);
	json_decref(change->avoid);
	free((char *)change->kept.body);
	free(change);
	if (then)
		then(context, end);
}

void fleet_settle_free(struct change *change)
{
	end_change(change, &(struct fleet_change_end){0});
}

void fleet_settle_refuse(struct change *change, const struct problem *problem)
{
	if (change->request)
		talk_answer_problem(change->request, problem);
	end_change(change, &(struct fleet_change_end){.problem = problem});
}

void fleet_settle_refuse_as(struct change *change, enum problem_type type, const char *detail)
{
	struct problem problem = {0};

	json_problem_set(&problem, type, "%s", detail);
	fleet_settle_refuse(change, &problem);
}

void fleet_settle_refuse_unconfirmed(struct change *change, const char *names)
{
	struct problem problem = {0};

	json_problem_set(&problem, PROBLEM_WORKER_STUCK,
			 "The build that had its VM has ended, and edges have not confirmed it, "
			 "which may carry it still: %s. Nothing new is declared: ask again.",
			 names);
	fleet_settle_refuse(change, &problem);
}

void fleet_settle_pass(struct change *change, const struct transfer_end *end, unsigned int status)
{
	struct problem problem = {0};

	if (change->request)
		talk_answer_pass(change->request, end, status);
	else if (end->error)
		json_problem_set(&problem, PROBLEM_DAEMON,
				 "sallyportd does not answer: %s. Build %s may be live here still.",
				 end->reason, change->id);
	else if (end->status / 100 != 2)
		json_problem_set(&problem, PROBLEM_DAEMON,
				 "sallyportd answers the end of build %s with %u.", change->id,
				 end->status);
	end_change(change, &(struct fleet_change_end){.problem = problem_is_set(&problem) ? &problem
											  : NULL});
}

static void answer(struct change *change, const char *unconfirmed)
{
	struct http_answer answer = {.status = unconfirmed ? 202 : change->status};

	if (unconfirmed)
		http_answer_header(&answer, "Sallyport-Unconfirmed", "%s", unconfirmed);
	answer.content_type = change->kept.content_type;
	answer.body = (char *)change->kept.body;
	answer.body_bytes = change->kept.body_bytes;
	change->kept.body = NULL; /* it goes with the answer */
	http_request_answer(change->request, &answer);
}

/* A removal that was made here, and which edges have not confirmed it; NULL: all have. */
static void answer_removal(struct change *change, const char *unconfirmed)
{
	if (change->request)
		answer(change, unconfirmed);
	end_change(change, &(struct fleet_change_end){.unconfirmed = unconfirmed});
}

static void on_confirmed(void *context, const char *unconfirmed)
{
	struct change *change = context;

	change->wait = NULL;
	answer_removal(change, unconfirmed);
}

/* Keeps what sallyportd said. Result: whether there was memory. */
static bool keep(struct change *change, const struct transfer_end *answer, const char *type)
{
	change->kept = *answer;
	change->kept.body = strndup(answer->body, answer->body_bytes);
	change->kept.content_type = type;
	return change->kept.body != NULL;
}

/* It is made here, and the store cannot be told: nobody has confirmed, neither those that are known
 * nor those that have joined since the store was heard of last. */
static void answer_alone(struct change *change)
{
	char *others = state_await_others(change->fleet), *all = NULL;

	if (others && asprintf(&all, "%s, %s", others, AWAIT_ANY) < 0)
		all = NULL;
	answer_removal(change, all ? all : AWAIT_ANY);
	free(others);
	free(all);
}

/* It is made here: the other edges are waited for, if they can know of it. Of a finish what
 * sallyportd says of the build is told then. */
static void confirm(struct change *change, unsigned int status, const struct transfer_end *end)
{
	bool done = change->kind != FLEET_FINISH || end->status / 100 == 2;

	change->status = done ? status : end->status;
	if (change->kind == FLEET_FINISH &&
	    !keep(change, end, done ? "application/json" : "application/problem+json")) {
		fleet_settle_refuse_as(change, PROBLEM_INTERNAL, "Out of memory.");
		return;
	}
	if (change->alone) {
		answer_alone(change);
	} else if (!change->revision) {
		answer_removal(change, NULL);
	} else if (change_is_own(change)) {
		fleet_settle_free(change);
	} else if (state_await_begin(change->fleet, change->revision, on_confirmed, change,
				     &change->wait) < 0) {
		fleet_settle_refuse_as(change, PROBLEM_INTERNAL, "Out of memory.");
	}
}

/* Result: whether others count on the end of it, once it is answered. */
static bool ends(const struct change *change)
{
	return change->kind == FLEET_DELETE ||
	       (change->kind == FLEET_FINISH && ((change->after && change->after->ended_ns) ||
						 (change->before && change->before->ended_ns)));
}

/* Result: whether this edge does not have what is to be removed, which others may have. */
static bool is_not_here(const struct change *change, const struct transfer_end *end)
{
	return change->kind == FLEET_DELETE && !end->error && end->status == 404 &&
	       (change->alone || change->before);
}

/* Result: whether sallyportd has a build that the store had none of when it was asked: another edge
 * may have written it since, and then it is the store's matter. */
static bool is_written_since(const struct change *change, const struct transfer_end *end)
{
	return !change->before && !change->alone && !change->twice && !end->error &&
	       end->status / 100 == 2;
}

static void on_forwarded(void *context, const struct transfer_end *end)
{
	struct change *change = context;

	change->transfer = NULL;
	if (is_written_since(change, end)) {
		change->twice = true;
		change->looked = false;
		change->begin(change);
		return;
	}
	if (ends(change) && !end->error && end->status / 100 == 2)
		confirm(change, end->status, end);
	else if (is_not_here(change, end))
		confirm(change, 204, end);
	else
		fleet_settle_pass(change, end, 0);
}

/* Asks sallyportd alone: nothing of it is the store's matter. */
void fleet_settle_ask(struct change *change, const char *method, const char *verb,
		      void (*done)(void *context, const struct transfer_end *end))
{
	const struct talk_local_call call = {
		.method = method,
		.body = strcmp(method, "POST") == 0 ? change->body : NULL,
		.done = done,
		.context = change,
	};

	if (talk_local_build(&change->fleet->local, &call, change->id, verb, &change->transfer) < 0)
		fleet_settle_refuse_as(change, PROBLEM_INTERNAL, "Out of memory.");
}

void fleet_settle_forward(struct change *change)
{
	static const char *const verbs[] = {[FLEET_FINISH] = "/finish", [FLEET_EXTEND] = "/extend"};
	bool post = change->kind == FLEET_FINISH || change->kind == FLEET_EXTEND;

	fleet_settle_ask(change, post ? "POST" : "DELETE", post ? verbs[change->kind] : "",
			 on_forwarded);
}

static void on_here(void *context, const char *unconfirmed)
{
	struct change *change = context;

	change->wait = NULL;
	if (unconfirmed)
		fleet_settle_refuse_as(change, PROBLEM_STORE,
				       "This edge does not have the fleet's builds yet.");
	else
		fleet_settle_forward(change);
}

static bool is_live(const struct transfer_end *end)
{
	json_t *build = json_loadb(end->body, end->body_bytes, 0, NULL);
	const char *state = json_string_value(json_object_get(build, "state"));
	bool live = end->status == 200 && state && strcmp(state, "ended") != 0;

	json_decref(build);
	return live;
}

/* It may have been written since the store was asked; if it was not, it is none of the fleet's. */
static void look_again(struct change *change)
{
	if (change->twice) {
		fleet_settle_refuse_as(change, PROBLEM_NOT_FOUND, "The fleet has no such build.");
		return;
	}
	change->twice = true;
	change->looked = false;
	change->begin(change);
}

static void on_shown(void *context, const struct transfer_end *end)
{
	struct change *change = context;

	change->transfer = NULL;
	if (end->error)
		fleet_settle_pass(change, end, 0);
	else if (is_live(end))
		look_again(change);
	else
		fleet_settle_forward(change);
}

void fleet_settle_over(struct change *change)
{
	if (change->kind == FLEET_DELETE)
		fleet_settle_forward(change);
	else if (!change->before)
		fleet_settle_ask(change, "GET", "", on_shown);
	else if (state_await_here(change->fleet, change->before->mod_revision, on_here, change,
				  &change->wait) < 0)
		fleet_settle_refuse_as(change, PROBLEM_INTERNAL, "Out of memory.");
}

static void forward(void *context)
{
	fleet_settle_forward(context);
}

/* The store is not there: what is to end ends here, and the store hears of it later. */
static void cut_here(struct change *change)
{
	change->alone = true;
	if (!change->request) {
		fleet_settle_free(change); /* it is noted still */
		return;
	}
	change->on_disk = (struct keep_wait){.go = forward, .context = change};
	state_keep_add(change->fleet, change->id, &change->on_disk);
}

void fleet_settle_refuse_store(struct change *change, const char *reason, bool perhaps)
{
	struct problem problem = {0};

	if (change->kind == FLEET_DELETE && !change->then) {
		cut_here(change);
		return;
	}
	json_problem_set(&problem, PROBLEM_STORE, "%s: %s%s.",
			 "The fleet's etcd cannot be written, so nothing new is promised", reason,
			 perhaps ? "; this change may have been made all the same" : "");
	fleet_settle_refuse(change, &problem);
}

/* A port that only rests on this edge: another one is chosen. Result: whether there may be one. */
static bool choose_others(struct change *change)
{
	struct store_claims claims = {0};

	if (change->before || !strstr(change->kept.body, ":port-in-use\"") ||
	    store_claims_list(change->fleet->config->fleet.prefix, change->after, &claims) < 0)
		return false;
	for (unsigned int i = 0; i < claims.nr; i++)
		if (claims.claim[i].kind == STORE_PORTS)
			json_object_set_new(change->avoid, claims.claim[i].key, json_true());
	store_claims_clear(&claims);
	free((char *)change->kept.body);
	change->kept.body = NULL;
	change->revision = 0;
	return true;
}

static void on_undone(void *context, const struct etcd_txn_result *result)
{
	struct change *change = context;
	bool undone = !result->error && result->succeeded;

	change->txn = NULL;
	if (undone && change->nr_tries < FLEET_CHANGE_TRIES && choose_others(change)) {
		change->begin(change);
		return;
	}
	if (!undone)
		log_write(LOG_WARNING, "A change that sallyportd refuses stays in the store.",
			  log_string("build", change->id),
			  log_string("reason", result->error ? result->reason : "changed since"));
	fleet_settle_pass(change, &change->kept, 0);
}

/* Keeps what sallyportd said until the store is as it was. */
static void undo(struct change *change, const struct transfer_end *answer)
{
	const struct fleet_write write = {change->before, change->after, on_undone, change};

	if (!change->revision || !keep(change, answer, "application/problem+json") ||
	    state_write_undo(change->fleet, &write, change->revision, &change->txn) < 0)
		fleet_settle_pass(change, answer, 0);
}

static unsigned int status_of(const struct change *change, const struct transfer_end *answer)
{
	switch (change->kind) {
	case FLEET_PUT:
		return change->before ? 200 : 201;
	case FLEET_DELETE:
		return answer->status == 202 ? 202 : 204;
	case FLEET_FINISH:
	case FLEET_EXTEND:
		break;
	}
	return 200;
}

/* What others made of the build meanwhile may have been made here first: it is made once more. */
static void look_behind(struct change *change)
{
	const struct record *newest = store_mirror_find(change->fleet->mirror, change->id);

	if (!newest || newest->mod_revision > change->after->mod_revision)
		fleet_queue_add(change->fleet, change->id, 0);
	finish_task(change);
}

static void on_applied(void *context, const struct talk_apply_end *end)
{
	struct change *change = context;

	change->apply = NULL;
	if (end->made && !change->after->ended_ns)
		edges_owed_ignore(change->fleet->owed, change->id, false);
	look_behind(change);
	if (end->made && change->forward) {
		fleet_settle_forward(change);
	} else if (end->made && ends(change)) {
		confirm(change, status_of(change, end->answer), end->answer);
	} else if (end->made) {
		fleet_settle_pass(change, end->answer, status_of(change, end->answer));
	} else if (end->earlier ||
		   (end->ended && edges_owed_ignores(change->fleet->owed, change->id))) {
		fleet_settle_refuse_as(change, PROBLEM_DAEMON,
				       "It is in the store, but an earlier build of this id rests "
				       "on this edge, which takes it up once that is over.");
	} else if (end->ended) {
		edges_owed_note(change->fleet->owed, change->id, end->by_clock);
		fleet_settle_refuse_as(change, PROBLEM_BUILD_ENDED,
				       "The build has ended on this edge.");
	} else if (end->answer->error || ends(change)) {
		fleet_settle_pass(change, end->answer,
				  0); /* written; made once sallyportd is back */
	} else {
		undo(change, end->answer);
	}
}

/* Result: whether it has ended since, which the watch may tell before the store has answered. */
static bool has_ended_since(const struct change *change)
{
	const struct record *newest = store_mirror_find(change->fleet->mirror, change->id);

	return newest && newest->ended_ns && newest->mod_revision > change->after->mod_revision;
}

static void make_again(void *context)
{
	fleet_settle_apply(context);
}

void fleet_settle_apply(struct change *change)
{
	if (change->revision)
		change->after->mod_revision = change->revision;
	if (!change->after->ended_ns && has_ended_since(change)) {
		fleet_settle_refuse_as(change, PROBLEM_BUILD_ENDED, "The build has ended.");
		return;
	}
	change->behind = (struct stale_wait){.go = make_again, .context = change};
	if (!fleet_queue_overtake(change->fleet, change->id, &change->behind))
		return;
	change->behind.go = NULL;
	state_roll_add(change->fleet, &change->task, true);
	if (talk_apply_start(&change->fleet->local, change->after, on_applied, change,
			     &change->apply) < 0)
		fleet_settle_refuse_as(change, PROBLEM_INTERNAL, "Out of memory.");
}

/* Another build has the VM. */
void fleet_settle_refuse_endpoint(struct change *change, const struct etcd_kv *kv)
{
	struct store_claims claims = {0};
	struct problem problem = {0};

	store_claims_list(change->fleet->config->fleet.prefix, change->after, &claims);
	for (unsigned int i = 0; i < claims.nr; i++)
		if (strcmp(claims.claim[i].key, kv->key.data) == 0)
			json_problem_add(&problem, PROBLEM_ENDPOINT_IN_USE, claims.claim[i].pointer,
					 "it is held by build %s", (const char *)kv->value.data);
	json_problem_set(&problem, PROBLEM_ENDPOINT_IN_USE, "Build %s holds it.",
			 (const char *)kv->value.data);
	state_holder_find(change->fleet, kv, &problem.holder);
	store_claims_clear(&claims);
	fleet_settle_refuse(change, &problem);
}
