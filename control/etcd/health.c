/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/health.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <systemd/sd-event.h>

#include "etcd/gateway/header.h"
#include "etcd/gateway/value.h"
#include "etcd/post.h"
#include "etcd/state.h"
#include "host/boottime.h"

#define EVERY_NS (3 * NS_PER_S)

struct probe {
	struct etcd_health *health;
	struct transfer *transfer; /* NULL: none is under way */
	struct etcd_health_member member;
};

struct etcd_health {
	struct etcd *etcd;
	sd_event_source *timer;
	struct probe probe[ETCD_MEMBERS_MAX];
	unsigned int nr;
};

static void fail(struct etcd_health_member *member, const char *why)
{
	member->reachable = false;
	member->leads = false;
	snprintf(member->why, sizeof(member->why), "%s", why);
}

static void read_status(const struct etcd *etcd, const json_t *body,
			struct etcd_health_member *member)
{
	uint64_t known = etcd->members.cluster_id, own, leader;
	const char *version = json_string_value(json_object_get(body, "version"));
	struct etcd_header header;

	if (gateway_header_read(body, &header) != 0 ||
	    gateway_value_read_uint(json_object_get(body, "header"), "member_id", &own) != 0 ||
	    gateway_value_read_uint(body, "leader", &leader) != 0) {
		fail(member, "its answer is none of etcd's");
		return;
	}
	snprintf(member->version, sizeof(member->version), "%s", version ? version : "");
	if (known && header.cluster_id != known) {
		fail(member, "it is of another cluster");
	} else if (!leader) {
		fail(member, "it has no leader");
	} else {
		member->reachable = true;
		member->leads = leader == own;
		member->why[0] = '\0';
	}
}

static void on_answer(void *context, const struct transfer_end *end)
{
	struct probe *probe = context;
	json_t *body = NULL;
	char why[64];

	probe->transfer = NULL;
	if (end->error) {
		fail(&probe->member, end->reason);
		return;
	}
	if (end->status != 200) {
		snprintf(why, sizeof(why), "it answers with status %u", end->status);
		fail(&probe->member, why);
		return;
	}
	body = json_loadb(end->body, end->body_bytes, JSON_DISABLE_EOF_CHECK, NULL);
	read_status(probe->health->etcd, body, &probe->member);
	json_decref(body);
}

static void ask(struct etcd_health *health, unsigned int i)
{
	const struct etcd_post post = {
		.path = "/v3/maintenance/status",
		.body = "{}",
		.limit_ms = health->etcd->options.try_ms,
		.end = on_answer,
		.context = &health->probe[i],
	};

	if (!health->probe[i].transfer)
		etcd_post_start(health->etcd, i, &post, &health->probe[i].transfer);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct etcd_health *health = context;

	for (unsigned int i = 0; i < health->nr; i++)
		ask(health, i);
	sd_event_source_set_time_relative(source, EVERY_NS / NS_PER_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

int etcd_health_open(struct etcd *etcd, struct etcd_health **ret_health)
{
	struct etcd_health *health = calloc(1, sizeof(*health));
	int r;

	if (!health)
		return -ENOMEM;
	health->etcd = etcd;
	health->nr = etcd->members.nr;
	for (unsigned int i = 0; i < health->nr; i++) {
		health->probe[i].health = health;
		health->probe[i].member.url = etcd->members.member[i].url;
	}
	r = sd_event_add_time(etcd->options.event, &health->timer, CLOCK_BOOTTIME, 0, 1, on_timer,
			      health);
	if (r < 0) {
		free(health);
		return r;
	}
	*ret_health = health;
	return 0;
}

void etcd_health_close(struct etcd_health *health)
{
	if (!health)
		return;
	for (unsigned int i = 0; i < health->nr; i++)
		transfer_cancel(health->probe[i].transfer);
	sd_event_source_disable_unref(health->timer);
	free(health);
}

const struct etcd_health_member *etcd_health_member(const struct etcd_health *health,
						    unsigned int number)
{
	return number < health->nr ? &health->probe[number].member : NULL;
}
