/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/edges/self.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-event.h>

#include "etcd/lease.h"
#include "etcd/txn.h"
#include "host/boottime.h"

#define EVERY_NS (20 * NS_PER_MS)
#define AGAIN_NS NS_PER_S

struct edges_self {
	struct edges_self_options options;
	struct etcd_lease *lease;
	struct etcd_txn_call *txn;
	sd_event_source *timer;
	int64_t mod_revision; /* of our key, as far as is known */
	uint64_t written_ns;  /* when it was, the last time */
	bool due;	      /* it is to be written again */
	bool alive, taken;
};

static void arm(struct edges_self *self, uint64_t at_ns)
{
	sd_event_source_set_time(self->timer, at_ns / NS_PER_US);
	sd_event_source_set_enabled(self->timer, SD_EVENT_ONESHOT);
}

static void write_later(struct edges_self *self, uint64_t at_ns)
{
	self->due = true;
	arm(self, at_ns);
}

static void say_alive(struct edges_self *self)
{
	self->taken = false;
	if (self->alive)
		return;
	self->alive = true;
	self->options.alive(self->options.context, self->mod_revision);
}

/* Whose entry is in the way? Of the process before us it is ours. Result: when to try again. */
static uint64_t judge(struct edges_self *self, const struct etcd_txn_result *result)
{
	struct edges_entry entry;

	self->mod_revision = result->nr_kvs ? result->kvs[0].mod_revision : 0;
	if (!result->nr_kvs ||
	    (edges_entry_read(self->options.entry->name, result->kvs[0].value.data, &entry) == 0 &&
	     strcmp(entry.id, self->options.entry->id) == 0))
		return 0;
	self->mod_revision = 0;
	if (!self->taken)
		self->options.taken(self->options.context);
	self->taken = true;
	return boottime_now_ns() + AGAIN_NS;
}

static void on_written(void *context, const struct etcd_txn_result *result)
{
	struct edges_self *self = context;

	self->txn = NULL;
	if (result->error) {
		write_later(self, boottime_now_ns() + AGAIN_NS);
	} else if (!result->succeeded) {
		write_later(self, judge(self, result));
	} else {
		self->mod_revision = result->revision;
		if (etcd_lease_id(self->lease))
			say_alive(self);
		arm(self,
		    self->written_ns + (self->due ? EVERY_NS : self->options.ttl_s * NS_PER_S / 2));
	}
}

static int send_entry(struct edges_self *self)
{
	struct etcd_bytes key = gateway_value_text(self->options.key);
	struct etcd_txn *txn = etcd_txn_new();
	int error = -ENOMEM;
	char *value;

	self->options.entry->clock = edges_clock_read();
	self->options.entry->wall_ns = boottime_wall_ns();
	value = edges_entry_write(self->options.entry);

	if (txn && value) {
		etcd_txn_compare(txn, key, self->mod_revision);
		etcd_txn_put_leased(txn, key, gateway_value_text(value),
				    etcd_lease_id(self->lease));
		etcd_txn_else_read(txn, key);
		error = etcd_txn_send(self->options.etcd, txn, on_written, self, &self->txn);
	}
	etcd_txn_free(txn);
	free(value);
	return error;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct edges_self *self = context;

	if (self->txn || !etcd_lease_id(self->lease))
		return 0;
	self->due = false;
	self->written_ns = boottime_now_ns();
	if (send_entry(self) < 0)
		write_later(self, self->written_ns + AGAIN_NS);
	return 0;
}

static void on_held(void *context, int64_t id)
{
	write_later(context, 0);
}

static void on_lost(void *context, const char *reason)
{
	struct edges_self *self = context;

	if (self->alive)
		self->options.lost(self->options.context, reason);
	self->alive = false;
}

int edges_self_open(const struct edges_self_options *options, struct edges_self **ret_self)
{
	struct edges_self *self = calloc(1, sizeof(*self));
	const struct etcd_lease_options leased = {
		.ttl_s = options->ttl_s, .held = on_held, .lost = on_lost, .context = self};
	int r;

	if (!self)
		return -ENOMEM;
	self->options = *options;
	r = sd_event_add_time(options->event, &self->timer, CLOCK_BOOTTIME, UINT64_MAX, 1, on_timer,
			      self);
	if (r >= 0)
		r = etcd_lease_open(options->etcd, &leased, &self->lease);
	if (r < 0) {
		edges_self_close(self);
		return r;
	}
	*ret_self = self;
	return 0;
}

void edges_self_close(struct edges_self *self)
{
	if (!self)
		return;
	etcd_txn_cancel(self->txn);
	etcd_lease_close(self->lease);
	sd_event_source_disable_unref(self->timer);
	free(self);
}

void edges_self_update(struct edges_self *self)
{
	uint64_t now_ns = boottime_now_ns(), next_ns = self->written_ns + EVERY_NS;

	if (!self->due)
		write_later(self, next_ns > now_ns ? next_ns : 0);
}
