/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/state/epoch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etcd/txn.h"
#include "fleet/edges/kept.h"
#include "fleet/state/fleet.h"
#include "fleet/store/keys.h"
#include "host/config.h"
#include "host/log.h"

struct epoch {
	char key[STORE_KEY_BYTES];
	char seen[EDGES_ID_BYTES];  /* in the store; "": none */
	bool known;		    /* the store was read since it was lost sight of */
	bool other;		    /* than that which is kept */
	struct etcd_txn_call *make; /* of a new one */
};

int state_epoch_open(struct fleet *fleet)
{
	fleet->epoch = calloc(1, sizeof(*fleet->epoch));
	if (!fleet->epoch)
		return -ENOMEM;
	store_keys_epoch(fleet->config->fleet.prefix, fleet->epoch->key);
	return 0;
}

void state_epoch_close(struct fleet *fleet)
{
	if (fleet->epoch)
		etcd_txn_cancel(fleet->epoch->make);
	free(fleet->epoch);
	fleet->epoch = NULL;
}

static void log_unkept(const struct fleet *fleet, int error)
{
	log_write(LOG_ERR, "Which store this edge belongs to cannot be kept.",
		  log_string("file", fleet->kept->path), log_error("error", error));
}

static int remember(struct fleet *fleet, const char *value)
{
	int error = edges_kept_remember(fleet->kept, value);

	if (error)
		log_unkept(fleet, error);
	return error;
}

/* Whoever was faster has made it: the watch tells of it in any case. */
static void on_made(void *context, const struct etcd_txn_result *result)
{
	struct fleet *fleet = context;

	fleet->epoch->make = NULL;
}

static void make(struct fleet *fleet)
{
	struct epoch *epoch = fleet->epoch;
	struct etcd_bytes key = gateway_value_text(epoch->key);
	struct etcd_txn *txn = etcd_txn_new();
	char value[EDGES_ID_BYTES];

	if (txn && !epoch->make && edges_kept_make_id(value) == 0) {
		etcd_txn_compare(txn, key, 0);
		etcd_txn_put(txn, key, gateway_value_text(value));
		etcd_txn_send(fleet->etcd, txn, on_made, fleet, &epoch->make);
	}
	etcd_txn_free(txn);
}

/* An edge that belongs to no store yet belongs to this one from here on. */
static void judge(struct fleet *fleet)
{
	struct epoch *epoch = fleet->epoch;
	bool before = epoch->other;

	if (!*fleet->kept->epoch && *epoch->seen)
		remember(fleet, epoch->seen);
	else if (!*fleet->kept->epoch)
		make(fleet);
	epoch->other = strcmp(fleet->kept->epoch, epoch->seen) != 0;
	if (epoch->other && !before)
		log_write(LOG_ERR,
			  "The store has lost its data, or is another one than it was: nothing of "
			  "it is made on this edge, and what is live goes on. If it is to count, "
			  "and what it does not have is to end here, say so: sallyport fleet "
			  "--adopt.",
			  log_string("epoch", epoch->seen),
			  log_string("before", fleet->kept->epoch));
}

void state_epoch_use(struct fleet *fleet)
{
	int error = 0;

	if (!fleet->kept->used && fleet->epoch->known && !fleet->epoch->other &&
	    *fleet->kept->epoch)
		error = edges_kept_use(fleet->kept);
	if (error)
		log_unkept(fleet, error);
}

void state_epoch_read(struct fleet *fleet)
{
	fleet->epoch->known = false;
	*fleet->epoch->seen = '\0';
}

bool state_epoch_see(struct fleet *fleet, const char *key, const char *value)
{
	struct epoch *epoch = fleet->epoch;

	if (strcmp(key, epoch->key) != 0)
		return false;
	snprintf(epoch->seen, sizeof(epoch->seen), "%s", value ? value : "");
	if (epoch->known)
		judge(fleet);
	return true;
}

void state_epoch_whole(struct fleet *fleet)
{
	fleet->epoch->known = true;
	judge(fleet);
}

const char *state_epoch_lack(const struct fleet *fleet)
{
	return fleet->epoch->other ? "the store has lost its data, or is another one than it was"
				   : NULL;
}

const char *state_epoch_name(const struct fleet *fleet)
{
	return *fleet->epoch->seen ? fleet->epoch->seen : NULL;
}

int state_epoch_adopt(struct fleet *fleet)
{
	int error = 0;

	if (!fleet->epoch->known || !fleet->current)
		return -EAGAIN;
	if (fleet->epoch->other)
		error = remember(fleet, fleet->epoch->seen);
	if (!error)
		judge(fleet);
	return error;
}
