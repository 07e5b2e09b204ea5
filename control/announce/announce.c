/* SPDX-License-Identifier: BSD-3-Clause */
#include "announce/announce.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "announce/health.h"
#include "announce/kept.h"
#include "host/addr.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/log.h"
#include "kernel/netlink/addresses.h"
#include "model/clock.h"

#define LOOK_NS	   (NS_PER_S / 4)
#define RENEWALS   4 /* while an address lasts */
#define BEHIND_MAX 256

struct announce {
	struct config *config; /* our own: what concerns us changes by a restart */
	const struct table_map *table;
	sd_event_source *timer;
	struct announce_known known;
	char behind[BEHIND_MAX];
	enum announce_state state;
	bool begun; /* state was made so */
	char why[BEHIND_MAX];
	uint64_t since_wall_ns;
	uint64_t renew_ns;	  /* at the latest */
	int error;		  /* of the last time that addresses were put, told already */
	char trouble[BEHIND_MAX]; /* that error in words */
};

static const char *const state_names[] = {
	[ANNOUNCE_WITHDRAWN] = "withdrawn",
	[ANNOUNCE_LAST_RESORT] = "last-resort",
	[ANNOUNCE_ANNOUNCED] = "announced",
};

const char *announce_state_name(enum announce_state state)
{
	return state_names[state];
}

const char *announce_drain_name(enum announce_drain drain)
{
	static const char *const names[] = {
		[ANNOUNCE_NOT_DRAINED] = "no",
		[ANNOUNCE_DRAINING] = "draining",
		[ANNOUNCE_DRAINED] = "drained",
	};

	return names[drain];
}

static struct sp_prefix address_of(const struct config *config, uint32_t i)
{
	return config_prefix(&config->public.addresses[i]);
}

static int put_all(const struct announce *announce, const char *interface)
{
	const struct config *config = announce->config;
	uint32_t valid_s = (uint32_t)(config->announce.hold_ns / NS_PER_S);
	int error = 0;

	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		struct sp_prefix address = address_of(config, i);
		int r = netlink_addresses_put(interface, &address, valid_s);

		if (r < 0)
			error = r;
	}
	return error;
}

static int remove_all(const struct announce *announce, const char *interface)
{
	const struct config *config = announce->config;
	int error = 0;

	for (uint32_t i = 0; interface[0] && i < config->public.nr_addresses; i++) {
		struct sp_prefix address = address_of(config, i);
		int r = netlink_addresses_remove(interface, &address);

		if (r < 0)
			error = r;
	}
	return error;
}

static void tell_error(struct announce *announce, const char *interface, int error)
{
	if (error)
		snprintf(announce->trouble, sizeof(announce->trouble),
			 "its addresses cannot be put on %s: %s", interface, strerror(-error));
	if (error && error != announce->error)
		log_write(LOG_ERR, "The public addresses cannot be announced.",
			  log_string("interface", interface), log_error("error", error));
	announce->error = error;
}

/*
 * The old place first: zebra of FRR 8.4 forgets the wrong one of two interfaces that have the same
 * address. Between the two are some microseconds.
 */
static void make_so(struct announce *announce)
{
	const char *normal = announce->config->announce.interface;
	const char *last = announce->config->announce.last_resort;
	const char *to = announce->state == ANNOUNCE_ANNOUNCED	   ? normal
			 : announce->state == ANNOUNCE_LAST_RESORT ? last
								   : "";
	int error = 0;

	if (to != normal)
		error = remove_all(announce, normal);
	if (to != last && error == 0)
		error = remove_all(announce, last);
	if (to[0] && error == 0)
		error = put_all(announce, to);
	tell_error(announce, to[0] ? to : normal, error);
	announce->renew_ns = announce->known.now_ns + announce->config->announce.hold_ns / RENEWALS;
}

static void tell_change(const struct announce *announce)
{
	log_write(announce->state == ANNOUNCE_ANNOUNCED ? LOG_NOTICE : LOG_WARNING,
		  "What routers are told of this edge has changed.",
		  log_string("announced", state_names[announce->state]),
		  log_string("why", announce->why[0] ? announce->why : NULL));
}

static void look(struct announce *announce)
{
	struct announce_known *known = &announce->known;
	enum announce_state state;
	struct instant now;
	const char *why;

	model_clock_read(&now);
	known->now_ns = now.boot_ns;
	known->ill = announce_health_ill(announce->table, now.boot_ns);
	state = announce_decide(known, &why);
	snprintf(announce->why, sizeof(announce->why), "%s", why ? why : "");
	if (state != announce->state || !announce->begun) {
		announce->state = state;
		announce->begun = true;
		announce->since_wall_ns = now.wall_ns;
		make_so(announce);
		tell_change(announce);
	} else if (now.boot_ns >= announce->renew_ns) {
		make_so(announce);
	}
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	look(context);
	sd_event_source_set_time_relative(source, LOOK_NS / NS_PER_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

/* One that cannot be read is taken for a drain: somebody wanted one. */
static void take_up_drain(struct announce *announce)
{
	const char *state_dir = announce->config->edge.state_dir;
	struct announce_kept kept = {.drained = true};
	uint64_t left_ns, most_ns = announce->config->announce.drain_wait_ns;
	struct instant now;
	int error = announce_kept_read(state_dir, &kept);

	if (error)
		log_write(LOG_WARNING, "Whether this edge is drained cannot be read: it is.",
			  log_string("state_dir", state_dir), log_error("error", error));
	model_clock_read(&now);
	left_ns = kept.until_wall_ns > now.wall_ns ? kept.until_wall_ns - now.wall_ns : 0;
	announce->known.drained = kept.drained;
	announce->known.drained_until_ns = now.boot_ns + (left_ns < most_ns ? left_ns : most_ns);
}

/* What is announced still, a sallyportd before us put there less than a hold ago, and was told why.
 */
static void take_up_word(struct announce *announce)
{
	const struct config *config = announce->config;
	struct sp_prefix first = address_of(config, 0);

	if (netlink_addresses_has(config->announce.interface, &first))
		announce->known.current_until_ns = boottime_now_ns() + config->announce.hold_ns;
}

static int start(struct announce *announce, sd_event *event, const struct config *config)
{
	announce->config = malloc(sizeof(*config));
	if (!announce->config)
		return -ENOMEM;
	*announce->config = *config;
	announce->known.in_fleet = config->fleet.nr_etcd > 0;
	announce->known.behind = announce->behind;
	announce->known.has_last_resort = config->announce.last_resort[0] != '\0';
	announce->known.withdraws_without_store =
		config->announce.without_store == CONFIG_WITHOUT_STORE_WITHDRAW;
	take_up_word(announce);
	take_up_drain(announce);
	return sd_event_add_time(event, &announce->timer, CLOCK_BOOTTIME, 0, 1, on_timer, announce);
}

struct announce *announce_open(sd_event *event, const struct config *config,
			       const struct table_map *table)
{
	struct announce *announce;
	int r = -ENOMEM;

	if (!config->announce.interface[0])
		return NULL;
	announce = calloc(1, sizeof(*announce));
	if (announce) {
		announce->table = table;
		r = start(announce, event, config);
	}
	if (r >= 0)
		return announce;
	log_write(LOG_ERR, "Nothing is announced to routers.", log_error("error", r));
	announce_close(announce);
	return NULL;
}

void announce_close(struct announce *announce)
{
	if (!announce)
		return;
	sd_event_source_disable_unref(announce->timer);
	free(announce->config);
	free(announce);
}

void announce_status(const struct announce *announce, struct announce_status *ret_status)
{
	const struct announce_known *known = &announce->known;

	*ret_status = (struct announce_status){
		.state = announce->error ? ANNOUNCE_WITHDRAWN : announce->state,
		.drain = announce_decide_drain(known),
		.why = announce->error	  ? announce->trouble
		       : announce->why[0] ? announce->why
					  : NULL,
		.since_wall_ns = announce->since_wall_ns,
		.drained_until_ns = known->drained_until_ns,
	};
}

uint64_t announce_drain_wait(const struct announce *announce)
{
	return announce->config->announce.drain_wait_ns;
}

int announce_drain(struct announce *announce, uint64_t wait_ns)
{
	struct instant now;

	model_clock_read(&now);
	announce->known.drained = true;
	announce->known.drained_until_ns = now.boot_ns + wait_ns;
	look(announce);
	return announce_kept_write(announce->config->edge.state_dir,
				   &(struct announce_kept){true, now.wall_ns + wait_ns});
}

int announce_undrain(struct announce *announce)
{
	announce->known.drained = false;
	look(announce);
	return announce_kept_write(announce->config->edge.state_dir, &(struct announce_kept){0});
}

void announce_tell(struct announce *announce, uint64_t current_for_ns, const char *why)
{
	struct instant now;

	model_clock_read(&now);
	announce->known.current_until_ns = now.boot_ns + current_for_ns;
	snprintf(announce->behind, sizeof(announce->behind), "%s", why ? why : "");
	look(announce);
}
