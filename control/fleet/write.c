/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/fleet.h"
#include "fleet/store/claims.h"
#include "fleet/store/record.h"
#include "host/config.h"

/* A transaction on its way to be sent. */
struct draft {
	struct fleet *fleet;
	struct etcd_txn *txn;
	char key[STORE_KEY_BYTES]; /* of the record */
	struct store_claims before, after;
};

static void clear(struct draft *draft)
{
	etcd_txn_free(draft->txn);
	store_claims_clear(&draft->before);
	store_claims_clear(&draft->after);
}

static int begin(struct fleet *fleet, const struct fleet_write *write, struct draft *draft)
{
	const char *prefix = fleet->config->fleet.prefix;
	const struct record *any = write->after ? write->after : write->before;
	int error = 0;

	*draft = (struct draft){.fleet = fleet, .txn = etcd_txn_new()};
	if (!draft->txn)
		return -ENOMEM;
	store_keys_build(prefix, any->id, draft->key);
	if (write->before)
		error = store_claims_list(prefix, write->before, &draft->before);
	if (!error && write->after)
		error = store_claims_list(prefix, write->after, &draft->after);
	if (error)
		clear(draft);
	return error;
}

static int put_record(const struct draft *draft, const struct record *record)
{
	char *value = store_record_write(record);

	if (!value)
		return -ENOMEM;
	etcd_txn_put(draft->txn, gateway_value_text(draft->key), gateway_value_text(value));
	free(value);
	return 0;
}

static void claim_new(const struct draft *draft, const char *id)
{
	for (unsigned int i = 0; i < draft->after.nr; i++) {
		const char *key = draft->after.claim[i].key;

		if (store_claims_has(&draft->before, key))
			continue;
		etcd_txn_compare(draft->txn, gateway_value_text(key), 0);
		etcd_txn_put(draft->txn, gateway_value_text(key), gateway_value_text(id));
		etcd_txn_else_read(draft->txn, gateway_value_text(key));
	}
}

static void give_up(const struct draft *draft, const struct store_claims *claims,
		    enum store_kind kind)
{
	for (unsigned int i = 0; i < claims->nr; i++)
		if (claims->claim[i].kind == kind)
			etcd_txn_delete(draft->txn, gateway_value_text(claims->claim[i].key));
}

static int send_draft(struct draft *draft, const struct fleet_write *write,
		      struct etcd_txn_call **ret_call)
{
	int error = -E2BIG;

	if (etcd_txn_size(draft->txn) <= draft->fleet->config->fleet.txn_ops)
		error = etcd_txn_send(draft->fleet->etcd, draft->txn, write->done, write->context,
				      ret_call);
	clear(draft);
	return error;
}

int fleet_write_send(struct fleet *fleet, const struct fleet_write *write,
		     struct etcd_txn_call **ret_call)
{
	struct draft draft;
	int error = begin(fleet, write, &draft);

	if (error)
		return error;
	etcd_txn_compare(draft.txn, gateway_value_text(draft.key),
			 write->before ? write->before->mod_revision : 0);
	etcd_txn_else_read(draft.txn, gateway_value_text(draft.key));
	if (write->after->ended_ns)
		give_up(&draft, &draft.before, STORE_ENDPOINTS);
	else
		claim_new(&draft, write->after->id);
	error = put_record(&draft, write->after);
	if (error) {
		clear(&draft);
		return error;
	}
	return send_draft(&draft, write, ret_call);
}

int fleet_write_undo(struct fleet *fleet, const struct fleet_write *write, int64_t revision,
		     struct etcd_txn_call **ret_call)
{
	struct draft draft;
	int error = begin(fleet, write, &draft);

	if (error)
		return error;
	etcd_txn_compare(draft.txn, gateway_value_text(draft.key), revision);
	for (unsigned int i = 0; i < draft.after.nr; i++)
		if (!store_claims_has(&draft.before, draft.after.claim[i].key))
			etcd_txn_delete(draft.txn, gateway_value_text(draft.after.claim[i].key));
	if (write->before)
		error = put_record(&draft, write->before);
	else
		etcd_txn_delete(draft.txn, gateway_value_text(draft.key));
	if (error) {
		clear(&draft);
		return error;
	}
	return send_draft(&draft, write, ret_call);
}

int fleet_write_forget(struct fleet *fleet, const struct fleet_write *write,
		       struct etcd_txn_call **ret_call)
{
	struct draft draft;
	int error = begin(fleet, write, &draft);

	if (error)
		return error;
	etcd_txn_compare(draft.txn, gateway_value_text(draft.key), write->before->mod_revision);
	etcd_txn_delete(draft.txn, gateway_value_text(draft.key));
	give_up(&draft, &draft.before, STORE_PORTS);
	return send_draft(&draft, write, ret_call);
}
