/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/settle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "etcd/range.h"
#include "fleet/edges/owed.h"
#include "fleet/fleet.h"
#include "fleet/roll.h"
#include "fleet/store/claims.h"
#include "fleet/talk/answer.h"
#include "fleet/talk/apply.h"
#include "fleet/write.h"
#include "host/config.h"
#include "host/log.h"
#include "http/server.h"

void fleet_settle_free(struct change *change)
{
	LIST_REMOVE(change, link);
	if (!change->request)
		edges_owed_told(change->fleet->owed, change->id);
	etcd_range_cancel(change->look);
	etcd_txn_cancel(change->txn);
	talk_apply_cancel(change->apply);
	fleet_roll_cancel(change->wait);
	transfer_cancel(change->transfer);
	store_record_free(change->before);
	store_record_free(change->after);
	json_decref(change->body);
	json_decref(change->avoid);
	free((char *)change->refusal.body);
	free(change);
}

void fleet_settle_refuse(struct change *change, const struct problem *problem)
{
	if (change->request)
		talk_answer_problem(change->request, problem);
	fleet_settle_free(change);
}

void fleet_settle_refuse_as(struct change *change, enum problem_type type, const char *detail)
{
	struct problem problem = {0};

	json_problem_set(&problem, type, "%s", detail);
	fleet_settle_refuse(change, &problem);
}

void fleet_settle_pass(struct change *change, const struct transfer_end *end, unsigned int status)
{
	if (change->request)
		talk_answer_pass(change->request, end, status);
	fleet_settle_free(change);
}

/* A removal that was made here, and which edges have not confirmed it; NULL: all have. */
static void answer_removal(struct change *change, const char *unconfirmed)
{
	struct http_answer answer = {.status = unconfirmed ? 202 : change->status};

	if (unconfirmed)
		http_answer_header(&answer, "Sallyport-Unconfirmed", "%s", unconfirmed);
	if (change->request)
		http_request_answer(change->request, &answer);
	fleet_settle_free(change);
}

static void on_confirmed(void *context, const char *unconfirmed)
{
	struct change *change = context;

	change->wait = NULL;
	answer_removal(change, unconfirmed);
}

/* It is made here: the other edges are waited for, if they can know of it. */
static void confirm(struct change *change, unsigned int status)
{
	change->status = status;
	if (change->alone || !change->revision) {
		char *others = change->alone ? fleet_roll_others(change->fleet) : NULL;

		answer_removal(change, others);
		free(others);
	} else if (!change->request) {
		fleet_settle_free(change);
	} else if (fleet_roll_await(change->fleet, change->revision, on_confirmed, change,
				    &change->wait) < 0) {
		fleet_settle_refuse_as(change, PROBLEM_INTERNAL, "Out of memory.");
	}
}

static void on_forwarded(void *context, const struct transfer_end *end)
{
	struct change *change = context;

	change->transfer = NULL;
	if (change->kind == FLEET_DELETE && !end->error && end->status / 100 == 2)
		confirm(change, end->status);
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

/* The store is not there: what is to end ends here, and the store hears of it later. */
static void cut_here(struct change *change)
{
	int error = 0;

	change->alone = true;
	if (change->request)
		error = edges_owed_add(change->fleet->owed, change->id);
	if (error)
		log_write(LOG_ERR,
			  "A removal cannot be kept for the store: it is forgotten if "
			  "sallyport-fleet ends before the store is back.",
			  log_string("build", change->id), log_error("error", error));
	if (change->request)
		fleet_settle_forward(change);
	else
		fleet_settle_free(change); /* it is noted still */
}

void fleet_settle_refuse_store(struct change *change, const char *reason, bool perhaps)
{
	struct problem problem = {0};

	if (change->kind == FLEET_DELETE) {
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

	if (change->before || !strstr(change->refusal.body, ":port-in-use\"") ||
	    store_claims_list(change->fleet->config->fleet.prefix, change->after, &claims) < 0)
		return false;
	for (unsigned int i = 0; i < claims.nr; i++)
		if (claims.claim[i].kind == STORE_PORTS)
			json_object_set_new(change->avoid, claims.claim[i].key, json_true());
	store_claims_clear(&claims);
	free((char *)change->refusal.body);
	change->refusal.body = NULL;
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
	fleet_settle_pass(change, &change->refusal, 0);
}

/* Keeps what sallyportd said until the store is as it was. */
static void undo(struct change *change, const struct transfer_end *answer)
{
	const struct fleet_write write = {change->before, change->after, on_undone, change};

	change->refusal = *answer;
	change->refusal.body = strndup(answer->body, answer->body_bytes);
	change->refusal.content_type = "application/problem+json";
	if (!change->revision || !change->refusal.body ||
	    fleet_write_undo(change->fleet, &write, change->revision, &change->txn) < 0)
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

static void on_applied(void *context, const struct talk_apply_end *end)
{
	struct change *change = context;

	change->apply = NULL;
	if (end->made && change->kind == FLEET_DELETE) {
		confirm(change, status_of(change, end->answer));
	} else if (end->made) {
		fleet_settle_pass(change, end->answer, status_of(change, end->answer));
	} else if (end->ended) {
		edges_owed_note(change->fleet->owed, change->id, end->by_clock);
		fleet_settle_refuse_as(change, PROBLEM_BUILD_ENDED,
				       "The build has ended on this edge.");
	} else if (end->answer->error || change->kind == FLEET_DELETE) {
		fleet_settle_pass(change, end->answer,
				  0); /* written; made once sallyportd is back */
	} else {
		undo(change, end->answer);
	}
}

void fleet_settle_apply(struct change *change)
{
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
	store_claims_clear(&claims);
	fleet_settle_refuse(change, &problem);
}
