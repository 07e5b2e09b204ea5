/* SPDX-License-Identifier: BSD-3-Clause */
/* How a change ends: made here, refused, or taken back. Each of these may free it. */
#pragma once

#include "fleet/change_state.h"

struct etcd_kv;

/* Unanswered, and whoever waits for it is told that it is done. */
void fleet_settle_free(struct change *change);

void fleet_settle_refuse(struct change *change, const struct problem *problem);
void fleet_settle_refuse_as(struct change *change, enum problem_type type, const char *detail);

/* The store cannot be written, and a change may be made perhaps: what is to end ends here, and the
 * store hears of it later. */
void fleet_settle_refuse_store(struct change *change, const char *reason, bool perhaps);

/* Of a PUT: what had a VM of it has ended, and these edges have not confirmed that. */
void fleet_settle_refuse_unconfirmed(struct change *change, const char *names);

/* Another build has the VM, as the store says by this key. */
void fleet_settle_refuse_endpoint(struct change *change, const struct etcd_kv *kv);

/* Passes on an answer of sallyportd; status 0: its own. */
void fleet_settle_pass(struct change *change, const struct transfer_end *end, unsigned int status);

/* Asks sallyportd alone: nothing of it is the store's matter. verb stands behind the id. */
void fleet_settle_ask(struct change *change, const char *method, const char *verb,
		      void (*done)(void *context, const struct transfer_end *end));

/* Has sallyportd answer the request as it is. */
void fleet_settle_forward(struct change *change);

/* The same of a build that is over, or that the store does not know, once sallyportd knows that as
 * well: it may be behind, and would extend what has ended. A removal it answers at once. */
void fleet_settle_over(struct change *change);

/* It is in the store, or was before: it is made here, or taken back if sallyportd refuses it. */
void fleet_settle_apply(struct change *change);
