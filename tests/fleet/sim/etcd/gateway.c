/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <jansson.h>

#include "agenda.h"
#include "chance.h"
#include "etcd/gateway/value.h"
#include "host/boottime.h"
#include "net.h"
#include "store.h"
#include "watches.h"

#define OPS_MAX	    128
#define PATIENCE_NS (7 * NS_PER_S) /* of a member without a leader */
#define RETRY_NS    (50 * NS_PER_MS)

struct lease {
	LIST_ENTRY(lease) link;
	int64_t id;
	uint64_t ttl_ns;
	struct sim_task expiry;
};

static struct {
	struct {
		bool dead, hangs, isolated;
	} member[SIM_MEMBERS];
	unsigned int leader;
	uint64_t elected_ns; /* nothing is done before */
	uint64_t cluster_id, term, nr_changes;
	int64_t last_lease;
	LIST_HEAD(, lease) leases;
} etcd;

static bool is_there(unsigned int member)
{
	return !etcd.member[member].dead && !etcd.member[member].hangs &&
	       !etcd.member[member].isolated;
}

static bool has_quorum(void)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < SIM_MEMBERS; i++)
		nr += is_there(i);
	return nr > SIM_MEMBERS / 2;
}

bool sim_gateway_works(void)
{
	return has_quorum() && sim_agenda_now_ns() >= etcd.elected_ns;
}

uint64_t sim_gateway_changes(void)
{
	return etcd.nr_changes;
}

void sim_gateway_header(FILE *out)
{
	fprintf(out,
		"\"header\":{\"cluster_id\":\"%" PRIu64
		"\",\"member_id\":\"1\",\"revision\":\"%" PRId64 "\",\"raft_term\":\"%" PRIu64
		"\"}",
		etcd.cluster_id, sim_store_revision(), etcd.term);
}

/* Every lease has its whole time again. */
static void renew_leases(void)
{
	struct lease *lease;

	LIST_FOREACH (lease, &etcd.leases, link)
		sim_agenda_set(&lease->expiry, etcd.elected_ns + lease->ttl_ns);
}

void sim_gateway_elect(void)
{
	if (!has_quorum())
		return;
	do
		etcd.leader = (etcd.leader + 1) % SIM_MEMBERS;
	while (!is_there(etcd.leader));
	etcd.term++;
	etcd.elected_ns = sim_agenda_now_ns() + sim_chance_between(300, 2500) * NS_PER_MS;
	renew_leases();
}

/* Somebody has come or gone. */
static void look_at_members(bool had_quorum)
{
	if (has_quorum() && (!had_quorum || !is_there(etcd.leader)))
		sim_gateway_elect();
	for (unsigned int i = 0; i < SIM_MEMBERS; i++)
		sim_watches_member(i, is_there(i) && has_quorum(),
				   etcd.member[i].isolated || !has_quorum());
}

void sim_gateway_kill(unsigned int member, bool dead)
{
	bool had_quorum = has_quorum();

	etcd.member[member].dead = sim_net.refuses[member] = dead;
	if (dead)
		sim_watches_break((int)member, -1, false);
	look_at_members(had_quorum);
}

void sim_gateway_hang(unsigned int member, bool hangs)
{
	bool had_quorum = has_quorum();

	etcd.member[member].hangs = hangs;
	look_at_members(had_quorum);
}

void sim_gateway_isolate(unsigned int member, bool isolated)
{
	bool had_quorum = has_quorum();

	etcd.member[member].isolated = isolated;
	look_at_members(had_quorum);
}

void sim_gateway_break_watches(int host, bool cancel)
{
	sim_watches_break(-1, host, cancel);
}

static void changed(void)
{
	if (!sim_store_end())
		return;
	etcd.nr_changes++;
	sim_watches_tell();
}

static void free_lease(struct lease *lease)
{
	sim_agenda_cancel(&lease->expiry);
	LIST_REMOVE(lease, link);
	free(lease);
}

static struct lease *find_lease(int64_t id)
{
	struct lease *lease;

	LIST_FOREACH (lease, &etcd.leases, link)
		if (lease->id == id)
			return lease;
	return NULL;
}

static void end_lease(struct lease *lease)
{
	struct sim_key *key = sim_store_at("/sallyport/edges/");
	int64_t revision = sim_store_revision();

	sim_store_begin();
	for (; key && strncmp(key->name, "/sallyport/edges/", 17) == 0; key = key->next[0]) {
		const struct sim_version *version = sim_store_version(key, revision);

		if (version && version->lease == lease->id)
			sim_store_delete(key->name);
	}
	free_lease(lease);
	changed();
}

/* Its end waits for a leader. */
static void on_expiry(void *context)
{
	struct lease *lease = context;

	if (sim_gateway_works())
		end_lease(lease);
	else
		sim_agenda_set(&lease->expiry, sim_agenda_now_ns() + NS_PER_S);
}

void sim_gateway_revoke(void)
{
	while (!LIST_EMPTY(&etcd.leases))
		end_lease(LIST_FIRST(&etcd.leases));
}

void sim_gateway_open(void)
{
	memset(&etcd, 0, sizeof(etcd));
	memset(&sim_net, 0, sizeof(sim_net));
	etcd.cluster_id = 4242;
	etcd.term = 2;
	sim_store_wipe();
	for (unsigned int i = 0; i < SIM_MEMBERS; i++)
		sim_watches_member(i, true, false);
}

void sim_gateway_close(void)
{
	while (!LIST_EMPTY(&etcd.leases))
		free_lease(LIST_FIRST(&etcd.leases));
	sim_watches_break(-1, -1, false);
	sim_store_wipe();
}

static void begin_anew(bool other)
{
	while (!LIST_EMPTY(&etcd.leases))
		free_lease(LIST_FIRST(&etcd.leases));
	etcd.cluster_id += other;
	sim_watches_break(-1, -1, false);
}

void sim_gateway_lose(bool other)
{
	begin_anew(other);
	etcd.term = 2;
	sim_store_wipe();
}

void sim_gateway_restore(int64_t revision)
{
	begin_anew(true);
	etcd.term = 2;
	sim_store_go_back(revision);
}

static void answer_text(struct sim_flight *flight, unsigned int status, char *text, size_t bytes)
{
	const struct sim_answer answer = {
		.status = status,
		.content_type = "application/json",
		.body = text,
		.body_bytes = bytes,
	};

	sim_net_answer(flight, &answer);
	free(text);
}

static void refuse(struct sim_flight *flight, unsigned int status, const char *message)
{
	char *text;
	int bytes = asprintf(&text, "{\"error\":\"%s\",\"message\":\"%s\",\"code\":14}", message,
			     message);

	answer_text(flight, status, text, (size_t)bytes);
}

/* Result: to be freed; NULL: it is not there. */
static char *read_name(const json_t *object, const char *name)
{
	char *text = NULL;
	size_t bytes;

	if (!json_object_get(object, name) ||
	    gateway_value_read_bytes(object, name, &text, &bytes) != 0)
		return NULL;
	return text;
}

static int64_t read_int(const json_t *object, const char *name)
{
	int64_t number = 0;

	gateway_value_read_int(object, name, &number);
	return number;
}

static void print_kv(FILE *out, const struct sim_key *key, const struct sim_version *version)
{
	fprintf(out,
		"{\"key\":\"%s\",\"create_revision\":\"%" PRId64 "\",\"mod_revision\":\"%" PRId64
		"\",\"version\":\"%" PRId64 "\",\"value\":\"%s\"}",
		key->wire->data, version->create_revision, version->mod_revision, version->version,
		version->value->data);
}

static void serve_range(struct sim_flight *flight, const json_t *body)
{
	char *from = read_name(body, "key"), *to = read_name(body, "range_end"), *text;
	int64_t revision = read_int(body, "revision"), limit = read_int(body, "limit"), nr = 0;
	struct sim_key *key;
	bool more = false;
	size_t bytes;
	FILE *out;

	if (revision && revision < sim_store_compacted()) {
		refuse(flight, 400, "etcdserver: mvcc: required revision has been compacted");
		free(from);
		free(to);
		return;
	}
	out = open_memstream(&text, &bytes);
	fprintf(out, "{");
	sim_gateway_header(out);
	fprintf(out, ",\"kvs\":[");
	for (key = sim_store_at(from); key; key = key->next[0]) {
		const struct sim_version *version =
			sim_store_version(key, revision ? revision : sim_store_revision());

		if (to ? strcmp(key->name, to) >= 0 : strcmp(key->name, from) != 0)
			break;
		if (!version)
			continue;
		more = limit && nr == limit;
		if (more)
			break;
		fprintf(out, "%s", nr++ ? "," : "");
		print_kv(out, key, version);
	}
	fprintf(out, "]%s}", more ? ",\"more\":true" : "");
	fclose(out);
	answer_text(flight, 200, text, bytes);
	free(from);
	free(to);
}

static bool holds(const json_t *compare)
{
	char *name = read_name(compare, "key");
	const struct sim_key *key = sim_store_at(name);
	const struct sim_version *version = NULL;

	if (key && strcmp(key->name, name) == 0)
		version = sim_store_version(key, sim_store_revision());
	free(name);
	return (version ? version->mod_revision : 0) == read_int(compare, "mod_revision");
}

static void do_one(const json_t *operation)
{
	const json_t *put = json_object_get(operation, "request_put");
	const json_t *body = put ? put : json_object_get(operation, "request_delete_range");
	const char *wire = json_string_value(json_object_get(body, "key"));
	const char *value = json_string_value(json_object_get(body, "value"));
	char *name = read_name(body, "key");

	if (put) {
		struct sim_text *key = sim_text_new(wire, strlen(wire));
		struct sim_text *text = sim_text_new(value, strlen(value));

		sim_store_put(name, key, text, read_int(body, "lease"));
		sim_text_drop(key);
		sim_text_drop(text);
	} else {
		sim_store_delete(name);
	}
	free(name);
}

static void print_read(FILE *out, const json_t *operation)
{
	char *name = read_name(json_object_get(operation, "request_range"), "key");
	const struct sim_key *key = sim_store_at(name);
	const struct sim_version *version = NULL;

	if (key && strcmp(key->name, name) == 0)
		version = sim_store_version(key, sim_store_revision());
	fprintf(out, "{\"response_range\":{\"header\":{}");
	if (version) {
		fprintf(out, ",\"count\":\"1\",\"kvs\":[");
		print_kv(out, key, version);
		fprintf(out, "]");
	}
	fprintf(out, "}}");
	free(name);
}

/* Result: what is wrong with it; NULL: nothing. */
static const char *check_txn(const json_t *body)
{
	const json_t *success = json_object_get(body, "success");
	size_t i;
	json_t *operation;

	if (json_array_size(success) > OPS_MAX ||
	    json_array_size(json_object_get(body, "compare")) > OPS_MAX)
		return "etcdserver: too many operations in txn request";
	json_array_foreach (success, i, operation) {
		int64_t lease = read_int(json_object_get(operation, "request_put"), "lease");

		if (lease && !find_lease(lease))
			return "etcdserver: requested lease not found";
	}
	return NULL;
}

static void serve_txn(struct sim_flight *flight, const json_t *body)
{
	const char *wrong = check_txn(body);
	bool all = true;
	size_t i, bytes;
	json_t *object;
	char *text;
	FILE *out;

	if (wrong) {
		refuse(flight, strstr(wrong, "lease") ? 404 : 400, wrong);
		return;
	}
	json_array_foreach (json_object_get(body, "compare"), i, object)
		all = all && holds(object);
	sim_store_begin();
	if (all)
		json_array_foreach (json_object_get(body, "success"), i, object)
			do_one(object);
	changed();
	out = open_memstream(&text, &bytes);
	fprintf(out, "{");
	sim_gateway_header(out);
	fprintf(out, "%s,\"responses\":[", all ? ",\"succeeded\":true" : "");
	if (!all)
		json_array_foreach (json_object_get(body, "failure"), i, object) {
			fprintf(out, "%s", i ? "," : "");
			print_read(out, object);
		}
	fprintf(out, "]}");
	fclose(out);
	answer_text(flight, 200, text, bytes);
}

static void answer_lease(struct sim_flight *flight, int64_t id, uint64_t ttl_ns, bool stream)
{
	char *text;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	fprintf(out, "%s{", stream ? "{\"result\":" : "");
	sim_gateway_header(out);
	fprintf(out, ",\"ID\":\"%" PRId64 "\"", id);
	if (ttl_ns)
		fprintf(out, ",\"TTL\":\"%" PRIu64 "\"", (uint64_t)(ttl_ns / NS_PER_S));
	fprintf(out, "}%s", stream ? "}" : "");
	fclose(out);
	answer_text(flight, 200, text, bytes);
}

static void serve_grant(struct sim_flight *flight, const json_t *body)
{
	struct lease *lease = calloc(1, sizeof(*lease));

	assert(lease);
	lease->id = ++etcd.last_lease * 1000003;
	lease->ttl_ns = (uint64_t)read_int(body, "TTL") * NS_PER_S;
	lease->expiry = (struct sim_task){.run = on_expiry, .context = lease};
	LIST_INSERT_HEAD(&etcd.leases, lease, link);
	sim_agenda_set(&lease->expiry, sim_agenda_now_ns() + lease->ttl_ns);
	answer_lease(flight, lease->id, lease->ttl_ns, false);
}

static void serve_keepalive(struct sim_flight *flight, const json_t *body)
{
	int64_t id = read_int(body, "ID");
	struct lease *lease = find_lease(id);

	if (lease)
		sim_agenda_set(&lease->expiry, sim_agenda_now_ns() + lease->ttl_ns);
	answer_lease(flight, id, lease ? lease->ttl_ns : 0, true);
}

static const struct {
	const char *path;
	void (*serve)(struct sim_flight *flight, const json_t *body);
} calls[] = {
	{"/v3/kv/range", serve_range},	   {"/v3/kv/txn", serve_txn},
	{"/v3/lease/grant", serve_grant},  {"/v3/lease/keepalive", serve_keepalive},
	{"/v3/watch", sim_watches_create},
};

void sim_gateway_arrive(struct sim_flight *flight)
{
	const struct sim_send *asked = sim_net_asked(flight);
	json_t *body;

	if (etcd.member[asked->member].dead || etcd.member[asked->member].hangs)
		return;
	if (!is_there(asked->member) || !sim_gateway_works()) {
		/* As if it had come later; some give up before, and it is done all the same. */
		if (is_there(asked->member) && sim_net_age_ns(flight) < PATIENCE_NS)
			sim_net_later(flight, sim_agenda_now_ns() + RETRY_NS);
		return;
	}
	body = json_loadb(asked->body, asked->body_bytes, 0, NULL);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(asked->path, calls[i].path) == 0)
			calls[i].serve(flight, body);
	json_decref(body);
}
