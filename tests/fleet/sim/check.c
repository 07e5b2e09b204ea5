/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "clock.h"
#include "edge/edge.h"
#include "fleet/store/claims.h"
#include "fleet/store/keys.h"
#include "fleet/store/record.h"
#include "host/boottime.h"
#include "model/build.h"
#include "store.h"
#include "world.h"

#define PREFIX	 "/sallyport"
#define SLACK_NS (1500 * NS_PER_MS) /* of a deadline: times are cut to the second */
#define OVER_NS	 (5 * NS_PER_S)
#define EQUAL_NS (2500 * NS_PER_MS)

static bool is_routed_to(const struct sim_world *world, unsigned int host)
{
	return !sim_host_lack(world->host[host]);
}

/* What carries packets of a VM, or of a port, at this moment. */
struct seen {
	const struct sim_promise *of_vm, *of_port;
};

static void check_shared(struct sim_world *world, const struct sim_promise *one,
			 const struct sim_promise *other, const char *what)
{
	if (other && other != one && !one->removing && !other->removing)
		sim_ledger_break(&world->ledger, "%s and %s have one %s", one->id, other->id, what);
}

/* Routers pass by an edge that has not heard of all: it may have what has ended on others. */
static void check_carried(struct sim_world *world, unsigned int host, const struct build *build,
			  struct seen *seen)
{
	const struct sim_promise *promise = sim_ledger_find(&world->ledger, build->id);
	unsigned int port = build->nodes[0].forwards[0].public_port - 20000u;
	uint64_t now_ns = sim_clock_wall_ns();

	if (!promise)
		return;
	if (promise->removed && !sim_ledger_has(promise->excused, host) &&
	    is_routed_to(world, host))
		sim_ledger_break(&world->ledger, "%s is live on e%u, and was removed", promise->id,
				 host);
	if (!world->wrong_clock[host] && now_ns > promise->latest_ns + SIM_BOUND_NS + SLACK_NS)
		sim_ledger_break(&world->ledger, "%s is live on e%u %.3f s past its deadline",
				 promise->id, host, (double)(now_ns - promise->latest_ns) / 1e9);
	if (!is_routed_to(world, host))
		return;
	check_shared(world, promise, seen[promise->vm].of_vm, "VM");
	seen[promise->vm].of_vm = promise;
	if (port >= world->options.nr_ports)
		return;
	check_shared(world, promise, seen[port].of_port, "port");
	seen[port].of_port = promise;
}

/* An edge that is cut off, or has no sallyportd, does not hear of an extension. It ends the build
 * when it knew that it would, and others go on. So does one whose clock is far ahead. */
static void note_early(struct sim_world *world, unsigned int host, const struct build *build)
{
	struct sim_promise *promise = sim_ledger_find(&world->ledger, build->id);

	if (promise && (promise->extended || world->wrong_clock[host]) &&
	    build->state == SESSION_ENDED && build->reason != SESSION_CANCELLED)
		sim_ledger_note(promise->early, host);
}

void sim_check_now(struct sim_world *world)
{
	unsigned int most = world->options.nr_vms > world->options.nr_ports
				    ? world->options.nr_vms
				    : world->options.nr_ports;
	struct seen *seen = calloc(most, sizeof(*seen));

	for (unsigned int i = 0; seen && i < world->options.nr_hosts; i++) {
		const struct sim_host *host = world->host[i];
		const struct edge *edge = sim_host_edge(host);
		const struct build *build = edge ? edge_after(edge, 0) : NULL;

		for (; build; build = edge_after(edge, build->serial))
			if (sim_host_carries(host, build))
				check_carried(world, i, build, seen);
			else
				note_early(world, i, build);
	}
	free(seen);
}

static const struct build *find(const struct sim_world *world, unsigned int host, const char *id)
{
	const struct edge *edge = sim_host_edge(world->host[host]);
	const struct build *build = edge ? edge_get(edge, id) : NULL;

	return build && sim_host_carries(world->host[host], build) ? build : NULL;
}

void sim_check_removal(struct sim_world *world, const struct sim_promise *promise,
		       unsigned int asked)
{
	for (unsigned int i = 0; i < world->options.nr_hosts; i++) {
		if (!find(world, i, promise->id) || sim_ledger_has(promise->excused, i))
			continue;
		if (i == asked && sim_host_has_daemon(world->host[i]))
			sim_ledger_break(&world->ledger, "%s is live on e%u, which says %s",
					 promise->id, i, "that it is removed");
		else if (is_routed_to(world, i))
			sim_ledger_break(&world->ledger,
					 "%s is live on e%u, and e%u says that it is removed",
					 promise->id, i, asked);
	}
}

/* Who has a VM or a port by a promise has it alone. */
static void check_alone(struct sim_world *world, const struct sim_promise *promise)
{
	const struct sim_ledger *ledger = &world->ledger;

	for (unsigned int i = ledger->of_vm[promise->vm]; i; i = ledger->promise[i - 1].next) {
		const struct sim_promise *other = &ledger->promise[i - 1];

		if (other != promise && other->acknowledged && !other->removing && !other->vague &&
		    other->deadline_ns > sim_clock_wall_ns() + OVER_NS)
			sim_ledger_break(&world->ledger, "the VM of %s was promised to %s, too",
					 other->id, promise->id);
	}
}

void sim_check_promise(struct sim_world *world, const struct sim_promise *promise,
		       unsigned int host)
{
	if (promise->removed && !sim_ledger_has(promise->excused, host))
		sim_ledger_break(&world->ledger, "%s was removed, and e%u promises it again",
				 promise->id, host);
	if (promise->removing || world->wrong_clock[host] || promise->vague)
		return;
	check_alone(world, promise);
	if (sim_host_has_daemon(world->host[host]) &&
	    promise->deadline_ns > sim_clock_wall_ns() + OVER_NS && !find(world, host, promise->id))
		sim_ledger_break(&world->ledger, "%s was promised by e%u, and is not live there",
				 promise->id, host);
}

/* Result: the end of a build on a host in true wall time. */
static uint64_t end_ns(const struct sim_world *world, unsigned int host, const struct build *build)
{
	const struct sim_clock *clock = sim_host_clock(world->host[host]);

	return sim_clock_wall_ns() + build->deadline_ns - sim_clock_boot_ns(clock);
}

static uint64_t apart(uint64_t one, uint64_t other)
{
	return one > other ? one - other : other - one;
}

/* Of one that is somewhere. */
static void check_equal(struct sim_world *world, const struct sim_promise *promise)
{
	uint64_t may_ns = EQUAL_NS + 2 * SIM_BOUND_NS + (uint64_t)world->worst_ns;
	const struct build *first = find(world, 0, promise->id);
	uint64_t now_ns = sim_clock_wall_ns();

	for (unsigned int i = 1; i < world->options.nr_hosts; i++) {
		const struct build *build = find(world, i, promise->id);
		const struct build *any = first ? first : build;

		if (!first != !build) {
			if (!sim_ledger_has(promise->early, first ? i : 0) &&
			    end_ns(world, first ? 0 : i, any) > now_ns + may_ns)
				sim_ledger_break(&world->ledger, "%s is live on e%u, not on e%u",
						 promise->id, first ? 0 : i, first ? i : 0);
			continue;
		}
		if (!build)
			continue;
		if (build->nodes[0].forwards[0].public_port !=
		    first->nodes[0].forwards[0].public_port)
			sim_ledger_break(&world->ledger, "%s has another port on e%u", promise->id,
					 i);
		/* One that heard of a finish and an extension at once may count otherwise. */
		if (!promise->extended &&
		    apart(end_ns(world, 0, first), end_ns(world, i, build)) > may_ns)
			sim_ledger_break(
				&world->ledger,
				"%s ends on e%u %.3f s apart from where it does on e0", promise->id,
				i,
				(double)apart(end_ns(world, 0, first), end_ns(world, i, build)) /
					1e9);
	}
}

static void check_kept(struct sim_world *world, const struct sim_promise *promise)
{
	uint64_t margin_ns = OVER_NS + SIM_BOUND_NS + (uint64_t)world->worst_ns;
	bool due = promise->acknowledged && !promise->removing && !promise->vague &&
		   promise->deadline_ns > sim_clock_wall_ns() + margin_ns;

	for (unsigned int i = 0; i < world->options.nr_hosts; i++) {
		const struct build *build = find(world, i, promise->id);

		if (promise->removed && build)
			sim_ledger_break(&world->ledger, "%s was removed, and is live on e%u",
					 promise->id, i);
		else if (due && !build && !sim_ledger_has(promise->early, i))
			sim_ledger_break(&world->ledger, "%s was promised, and is not live on e%u",
					 promise->id, i);
		else if (due && build && build->nodes[0].forwards[0].public_port != promise->port)
			sim_ledger_break(&world->ledger, "%s has another port on e%u than promised",
					 promise->id, i);
	}
}

/* Claims of the store, and what of them belongs to a record. */
struct claims {
	struct sim_world *world;
	uint64_t nr_claims, nr_owned;
};

static void check_claim(void *context, const char *name, const char *value)
{
	struct claims *claims = context;
	char key[STORE_KEY_BYTES];

	claims->nr_claims++;
	store_keys_build(PREFIX, value, key);
	if (!sim_store_look(key, NULL, NULL))
		sim_ledger_break(&claims->world->ledger, "%s is claimed by %s, which is not there",
				 name, value);
}

static void see_record(void *context, const char *name, const char *value)
{
	bool *open = context;
	struct record *record;

	if (store_record_read("id", value, 1, &record) != 0)
		return;
	*open = !record->ended_ns;
	store_record_free(record);
}

bool sim_check_is_open(const struct sim_promise *promise)
{
	char key[STORE_KEY_BYTES];
	bool open = false;

	store_keys_build(PREFIX, promise->id, key);
	sim_store_look(key, see_record, &open);
	return open;
}

/* Of a record: open ones have all their claims, those that ended have their ports. */
static void check_record(void *context, const char *name, const char *value)
{
	struct claims *claims = context;
	const char *id = name + strlen(PREFIX "/builds/");
	struct store_claims listed = {0};
	struct record *record;

	if (store_record_read(id, value, 1, &record) != 0) {
		sim_ledger_break(&claims->world->ledger, "%s cannot be read", name);
		return;
	}
	store_claims_list(PREFIX, record, &listed);
	for (unsigned int i = 0; i < listed.nr; i++) {
		if (record->ended_ns && listed.claim[i].kind == STORE_ENDPOINTS)
			continue;
		claims->nr_owned++;
		if (!sim_store_look(listed.claim[i].key, NULL, NULL))
			sim_ledger_break(&claims->world->ledger, "%s has lost its claim of %s", id,
					 listed.claim[i].key);
	}
	store_claims_clear(&listed);
	store_record_free(record);
}

static void check_store(struct sim_world *world)
{
	struct claims claims = {.world = world};

	sim_store_each(PREFIX "/taken/ports/", check_claim, &claims);
	sim_store_each(PREFIX "/taken/endpoints/", check_claim, &claims);
	sim_store_each(PREFIX "/builds/", check_record, &claims);
	if (claims.nr_claims != claims.nr_owned)
		sim_ledger_break(&world->ledger,
				 "the store has %" PRIu64 " claims, of which %" PRIu64
				 " belong to a record",
				 claims.nr_claims, claims.nr_owned);
}

void sim_check_end(struct sim_world *world)
{
	sim_check_now(world);
	for (unsigned int i = 0; i < world->ledger.nr; i++) {
		check_kept(world, &world->ledger.promise[i]);
		check_equal(world, &world->ledger.promise[i]);
	}
	check_store(world);
}
