/* SPDX-License-Identifier: BSD-3-Clause */
#include "caller.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <jansson.h>

#include "agenda.h"
#include "chance.h"
#include "check.h"
#include "clock.h"
#include "host/boottime.h"
#include "loop.h"
#include "model/wall_time.h"
#include "quiet.h"
#include "world.h"

#define LIMIT_MS     40000
#define VM_MARGIN_NS (20 * NS_PER_S)
#define MEMORY	     64 /* of builds that are asked about again */

static const char *const verb_names[] = {
	[SIM_PUT] = "PUT",	 [SIM_FINISH] = "finish", [SIM_EXTEND] = "extend",
	[SIM_DELETE] = "DELETE", [SIM_ADOPT] = "adopt",	  [SIM_CUT] = "cut",
	[SIM_SYNC] = "sync",
};

struct call {
	LIST_ENTRY(call) link;
	struct sim_caller *caller;
	struct sim_flight *flight;
	enum sim_verb verb;
	unsigned int host, promise;
	/* of a sync: what becomes of the promises that there were */
	enum sim_fate { SIM_NEITHER, SIM_NAMED, SIM_ENDS } * fate;
	unsigned int nr_fates;
};

struct sim_caller {
	struct sim_world *world;
	sd_event *event;
	unsigned int nr_waiting, per_s;
	unsigned int synced;
	struct sim_task next;
	LIST_HEAD(, call) calls;
};

/* What the answer says of the build. */
static void take_build(struct call *call, struct sim_promise *promise, const char *body)
{
	struct sim_ledger *ledger = &call->caller->world->ledger;
	json_t *build = json_loads(body, 0, NULL);
	json_t *node = json_array_get(json_object_get(build, "nodes"), 0);
	const char *deadline = json_string_value(json_object_get(build, "deadline"));
	const char *state = json_string_value(json_object_get(build, "state"));
	unsigned int port = (unsigned int)json_integer_value(json_object_get(node, "public_port"));

	/* Of what has ended an edge may only know how it was first written. */
	if (promise->port && port != promise->port && state && strcmp(state, "ended") != 0)
		sim_ledger_break(ledger, "the port of %s moved from %u to %u", promise->id,
				 promise->port, port);
	if (!promise->port)
		promise->port = port;
	if (!deadline || model_wall_time_parse(deadline, &promise->deadline_ns) != 0)
		sim_ledger_break(ledger, "an answer about %s says no deadline", promise->id);
	if (call->verb == SIM_PUT && !promise->extended && !promise->vague &&
	    promise->deadline_ns > promise->latest_ns + (uint64_t)call->caller->world->worst_ns)
		sim_ledger_break(ledger, "%s was promised for longer than it was asked for",
				 promise->id);
	if (promise->deadline_ns > promise->latest_ns)
		promise->latest_ns = promise->deadline_ns;
	json_decref(build);
}

/* "*": whoever there may be. */
static bool is_named(const char *names, const char *name)
{
	const char *at = strstr(names, name);
	size_t bytes = strlen(name);

	if (strchr(names, '*'))
		return true;
	while (at && at[bytes] && at[bytes] != ',')
		at = strstr(at + 1, name);
	return at != NULL;
}

/* One that the store was not told is excused on all other edges: any may have it still, or take it
 * up from the store. */
static void take_removal(struct call *call, struct sim_promise *promise,
			 const struct sim_answer *answer)
{
	struct sim_world *world = call->caller->world;
	bool told = !sim_check_is_open(promise);

	promise->removed = true;
	promise->confirmed = answer->status != 202;
	memset(promise->excused, 0, sizeof(promise->excused));
	for (unsigned int i = 0; answer->unconfirmed && i < world->options.nr_hosts; i++)
		if (i != call->host &&
		    (!told || is_named(answer->unconfirmed, sim_host_name(world->host[i]))))
			sim_ledger_note(promise->excused, i);
	sim_check_removal(world, promise, call->host);
}

/* Whoever removes a build whose PUT may still be written has been promised nothing: the PUT is to
 * be repeated until it is answered (docs/FLEET.md). */
static bool may_still_come(const struct sim_promise *promise)
{
	return promise->nr_puts > 0 || (promise->unsure && !promise->acknowledged);
}

/* What it names is there, and all else has ended. */
static void take_sync(struct call *call, const struct sim_answer *answer)
{
	struct sim_world *world = call->caller->world;

	call->caller->synced = answer->error ? 599 : answer->status;
	for (unsigned int i = 0; call->caller->synced / 100 == 2 && i < call->nr_fates; i++) {
		struct sim_promise *promise = &world->ledger.promise[i];

		if (call->fate[i] == SIM_NAMED)
			sim_check_promise(world, promise, call->host);
		else if (call->fate[i] == SIM_ENDS && !may_still_come(promise))
			take_removal(call, promise, answer);
	}
}

static void take(struct call *call, const struct sim_answer *answer)
{
	struct sim_world *world = call->caller->world;
	struct sim_promise *promise = &world->ledger.promise[call->promise];
	bool good = !answer->error && answer->status / 100 == 2;

	sim_quiet_say("%s of b%u at e%u: %u %s %.200s", verb_names[call->verb], call->promise,
		      call->host, answer->status, answer->unconfirmed ? answer->unconfirmed : "",
		      good	      ? ""
		      : answer->error ? answer->reason
				      : answer->body);
	world->ledger.answered[answer->error || answer->status >= 600 ? 0 : answer->status]++;
	if (call->verb == SIM_SYNC)
		take_sync(call, answer);
	if (call->verb == SIM_ADOPT || call->verb == SIM_CUT || call->verb == SIM_SYNC)
		return;
	if (call->verb == SIM_PUT) {
		promise->nr_puts--;
		promise->unsure |= answer->error || answer->status >= 500;
	}
	if (!good) {
		promise->vague |= call->verb != SIM_PUT && (answer->error || answer->status >= 500);
		return;
	}
	if (call->verb == SIM_DELETE) {
		if (!may_still_come(promise))
			take_removal(call, promise, answer);
		return;
	}
	take_build(call, promise, answer->body);
	if (call->verb == SIM_PUT) {
		promise->acknowledged = true;
		sim_check_promise(world, promise, call->host);
	}
}

static void free_call(struct call *call)
{
	call->caller->nr_waiting--;
	LIST_REMOVE(call, link);
	free(call->fate);
	free(call);
}

static void on_end(void *context, const struct sim_answer *answer)
{
	struct call *call = context;

	take(call, answer);
	free_call(call);
}

static void send_call(struct sim_caller *caller, const struct call *what, const char *method,
		      const char *path, const char *body)
{
	struct call *call = malloc(sizeof(*call));
	const struct sim_host *host = caller->world->host[what->host];
	const struct sim_send send = {
		.from = caller->event,
		.socket = what->verb == SIM_CUT ? sim_host_door(host) : sim_host_socket(host),
		.method = method,
		.path = path,
		.header = {"Content-Type: application/json"},
		.body = body,
		.body_bytes = strlen(body),
		.limit_ms = LIMIT_MS,
		.end = on_end,
		.context = call,
	};

	assert(call);
	*call = *what;
	call->caller = caller;
	caller->nr_waiting++;
	LIST_INSERT_HEAD(&caller->calls, call, link);
	sim_quiet_say("%s of b%u at e%u…", verb_names[call->verb], call->promise, call->host);
	call->flight = sim_net_send(&send);
}

/* As it is declared. */
static void print_build(const struct sim_promise *promise, FILE *out)
{
	unsigned int vm = promise->vm;

	fprintf(out,
		"\"nodes\":[{\"index\":0,\"address\":\"10.%u.%u.%u\"}],\"max_lifetime_s\":%u,"
		"\"linger_s\":%u}",
		vm >> 16 & 127, vm >> 8 & 255, vm & 255, promise->lifetime_s, promise->linger_s);
}

void sim_caller_put_again(struct sim_caller *caller, unsigned int host, unsigned int index)
{
	const struct call call = {.verb = SIM_PUT, .host = host, .promise = index};
	struct sim_promise *promise = &caller->world->ledger.promise[index];
	char path[64], body[256];
	FILE *out = fmemopen(body, sizeof(body), "w");

	/* By the clock of the edge that is asked, when it comes to it. */
	if (!promise->acknowledged)
		promise->latest_ns = sim_clock_wall_ns() + LIMIT_MS * NS_PER_MS + SIM_BOUND_NS +
				     promise->lifetime_s * NS_PER_S;
	snprintf(path, sizeof(path), "/v1/builds/%s", promise->id);
	fputs(promise->supersedes ? "{\"supersede\":true," : "{", out);
	print_build(promise, out);
	fclose(out);
	promise->nr_puts++;
	send_call(caller, &call, "PUT", path, body);
}

/* A build that nobody has been asked for yet. */
static unsigned int add(struct sim_caller *caller, unsigned int vm, unsigned int lifetime_s,
			unsigned int linger_s)
{
	struct sim_ledger *ledger = &caller->world->ledger;
	unsigned int index = sim_ledger_add(ledger, vm);

	ledger->promise[index].lifetime_s = lifetime_s;
	ledger->promise[index].linger_s = linger_s;
	ledger->promise[index].asked_ns = sim_clock_wall_ns();
	return index;
}

unsigned int sim_caller_put(struct sim_caller *caller, unsigned int host, unsigned int vm,
			    unsigned int lifetime_s, unsigned int linger_s)
{
	unsigned int index = add(caller, vm, lifetime_s, linger_s);

	sim_caller_put_again(caller, host, index);
	return index;
}

unsigned int sim_caller_supersede(struct sim_caller *caller, unsigned int host,
				  unsigned int promise)
{
	struct sim_ledger *ledger = &caller->world->ledger;
	const struct sim_promise before = ledger->promise[promise];
	unsigned int index = add(caller, before.vm, before.lifetime_s, before.linger_s);

	ledger->promise[promise].removing = true;
	ledger->promise[index].supersedes = true;
	sim_caller_put_again(caller, host, index);
	return index;
}

void sim_caller_ask(struct sim_caller *caller, unsigned int host, enum sim_verb verb,
		    unsigned int index, unsigned int by_s)
{
	static const char *const verbs[] = {[SIM_FINISH] = "/finish", [SIM_EXTEND] = "/extend"};
	const struct call call = {.verb = verb, .host = host, .promise = index};
	struct sim_promise *promise = &caller->world->ledger.promise[index];
	char path[64], body[64] = "";

	if (verb == SIM_ADOPT) {
		send_call(caller, &call, "POST", "/v1/fleet/adopt", "");
		return;
	}
	snprintf(path, sizeof(path), "/v1/builds/%s%s", promise->id,
		 verb == SIM_DELETE || verb == SIM_CUT ? "" : verbs[verb]);
	promise->removing |= verb == SIM_DELETE || verb == SIM_CUT;
	promise->extended |= verb == SIM_EXTEND;
	if (verb == SIM_EXTEND) {
		promise->latest_ns += by_s * NS_PER_S + SIM_BOUND_NS;
		snprintf(body, sizeof(body), "{\"by_s\":%u}", by_s);
	}
	send_call(caller, &call, verb == SIM_DELETE || verb == SIM_CUT ? "DELETE" : "POST", path,
		  body);
}

void sim_caller_sync(struct sim_caller *caller, unsigned int host, const unsigned int *promises,
		     unsigned int nr)
{
	struct sim_ledger *ledger = &caller->world->ledger;
	struct call call = {.verb = SIM_SYNC, .host = host, .nr_fates = ledger->nr};
	char *body;
	size_t bytes;
	FILE *out = open_memstream(&body, &bytes);

	call.fate = calloc(ledger->nr + 1, sizeof(*call.fate));
	assert(call.fate);
	for (unsigned int i = 0; i < nr; i++) {
		fprintf(out, "%s{\"id\":\"%s\",", i ? "," : "{\"allow_empty\":true,\"builds\":[",
			ledger->promise[promises[i]].id);
		print_build(&ledger->promise[promises[i]], out);
		call.fate[promises[i]] = SIM_NAMED;
	}
	fputs(nr ? "]}" : "{\"allow_empty\":true,\"builds\":[]}", out);
	fclose(out);
	for (unsigned int i = 0; i < ledger->nr; i++) {
		struct sim_promise *promise = &ledger->promise[i];

		if (call.fate[i] == SIM_NAMED)
			continue;
		promise->removing = true;
		if (promise->acknowledged && !may_still_come(promise))
			call.fate[i] = SIM_ENDS;
	}
	caller->synced = 0;
	send_call(caller, &call, "POST", "/v1/sync", body);
	free(body);
}

unsigned int sim_caller_synced(const struct sim_caller *caller)
{
	return caller->synced;
}

static unsigned int draw_lifetime(void)
{
	return sim_chance_percent(50) ? (unsigned int)sim_chance_between(5, 90)
				      : (unsigned int)sim_chance_between(6, 12) * 3600;
}

/* Most wait until the VM is free; some do not look. */
static void draw_put(struct sim_caller *caller, unsigned int host)
{
	const struct sim_ledger *ledger = &caller->world->ledger;
	unsigned int vm = (unsigned int)sim_chance_below(ledger->nr_vms);

	if (sim_chance_percent(90) && !sim_ledger_is_free(ledger, vm, VM_MARGIN_NS))
		return;
	sim_caller_put(caller, host, vm, draw_lifetime(), (unsigned int)sim_chance_between(2, 30));
	if (sim_chance_percent(10)) /* and somebody else at the same time */
		sim_caller_put(caller,
			       (unsigned int)sim_chance_below(caller->world->options.nr_hosts), vm,
			       draw_lifetime(), 5);
}

/* The same once more, as after an answer that was lost; not what may be over, and forgotten. */
static void draw_again(struct sim_caller *caller, unsigned int host, unsigned int index)
{
	const struct sim_promise *promise = &caller->world->ledger.promise[index];
	uint64_t now_ns = sim_clock_wall_ns();

	if (!promise->removing && now_ns < promise->asked_ns + 20 * NS_PER_S &&
	    (!promise->acknowledged || promise->deadline_ns > now_ns + 60 * NS_PER_S))
		sim_caller_put_again(caller, host, index);
}

void sim_caller_draw(struct sim_caller *caller)
{
	const struct sim_ledger *ledger = &caller->world->ledger;
	unsigned int host = (unsigned int)sim_chance_below(caller->world->options.nr_hosts);
	unsigned int kind = (unsigned int)sim_chance_below(100), index;

	if (kind < 50 || !ledger->nr) {
		draw_put(caller, host);
		return;
	}
	index = ledger->nr - 1 -
		(unsigned int)sim_chance_below(ledger->nr < MEMORY ? ledger->nr : MEMORY);
	if (kind < 55)
		draw_again(caller, host, index);
	else if (kind < 62)
		sim_caller_ask(caller, host, SIM_FINISH, index, 0);
	else if (kind < 70)
		sim_caller_ask(caller, host, SIM_EXTEND, index,
			       (unsigned int)sim_chance_between(5, 600));
	else
		sim_caller_ask(caller, host, SIM_DELETE, index, 0);
}

static void plan_next(struct sim_caller *caller)
{
	if (caller->per_s)
		sim_agenda_set(&caller->next,
			       sim_agenda_now_ns() +
				       sim_chance_below(2 * NS_PER_S / caller->per_s));
}

static void on_next(void *context)
{
	struct sim_caller *caller = context;

	sim_caller_draw(caller);
	plan_next(caller);
}

void sim_caller_pace(struct sim_caller *caller, unsigned int per_s)
{
	caller->per_s = per_s;
	sim_agenda_cancel(&caller->next);
	plan_next(caller);
}

unsigned int sim_caller_waiting(const struct sim_caller *caller)
{
	return caller->nr_waiting;
}

struct sim_caller *sim_caller_new(struct sim_world *world)
{
	const struct sim_process process = {.host = SIM_CALLERS};
	struct sim_caller *caller = calloc(1, sizeof(*caller));

	assert(caller);
	caller->world = world;
	caller->event = sim_loop_new(&process);
	caller->next = (struct sim_task){.run = on_next, .context = caller};
	return caller;
}

void sim_caller_free(struct sim_caller *caller)
{
	struct call *call;

	sim_agenda_cancel(&caller->next);
	while ((call = LIST_FIRST(&caller->calls))) {
		sim_net_forget(call->flight);
		free_call(call);
	}
	sim_loop_free(caller->event);
	free(caller);
}
