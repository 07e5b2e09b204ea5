/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/state/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/state/fleet.h"
#include "fleet/store/claims.h"
#include "fleet/store/record.h"
#include "host/config.h"

/* A transaction on its way to be sent. */
struct draft {
	struct etcd_txn *txn;
	char key[STORE_KEY_BYTES]; /* of the record */
	struct store_claims before, after;
};

static void clear(struct draft *draft)
{
	store_claims_clear(&draft->before);
	store_claims_clear(&draft->after);
}

static int begin(const struct fleet *fleet, const struct fleet_write *write, struct etcd_txn *txn,
		 struct draft *draft)
{
	const char *prefix = fleet->config->fleet.prefix;
	const struct record *any = write->after ? write->after : write->before;
	int error = 0;

	*draft = (struct draft){.txn = txn};
	if (!txn)
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

static void claim_new(const struct draft *draft, const char *id, bool tell)
{
	for (unsigned int i = 0; i < draft->after.nr; i++) {
		const char *key = draft->after.claim[i].key;

		if (store_claims_has(&draft->before, key))
			continue;
		etcd_txn_compare(draft->txn, gateway_value_text(key), 0);
		etcd_txn_put(draft->txn, gateway_value_text(key), gateway_value_text(id));
		if (tell)
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

/* Sends what was added without an error; the transaction is gone with it. */
static int send_txn(const struct fleet *fleet, struct etcd_txn *txn, int error,
		    const struct fleet_write *write, struct etcd_txn_call **ret_call)
{
	if (!error && etcd_txn_size(txn) > fleet->config->fleet.txn_ops)
		error = -E2BIG;
	if (!error)
		error = etcd_txn_send(fleet->etcd, txn, write->done, write->context, ret_call);
	etcd_txn_free(txn);
	return error;
}

int state_write_add(const struct fleet *fleet, const struct fleet_write *write, bool tell,
		    struct etcd_txn *txn)
{
	struct draft draft;
	int error = begin(fleet, write, txn, &draft);

	if (error)
		return error;
	etcd_txn_compare(txn, gateway_value_text(draft.key),
			 write->before ? write->before->mod_revision : 0);
	if (tell)
		etcd_txn_else_read(txn, gateway_value_text(draft.key));
	if (write->after->ended_ns)
		give_up(&draft, &draft.before, STORE_ENDPOINTS);
	else
		claim_new(&draft, write->after->id, tell);
	error = put_record(&draft, write->after);
	clear(&draft);
	return error;
}

unsigned int state_write_size(const struct fleet_write *write)
{
	const json_t *nodes = json_object_get(write->after->body, "nodes");
	size_t i, ports = json_array_size(nodes);
	json_t *node;

	json_array_foreach (nodes, i, node)
		ports += json_array_size(json_object_get(node, "forwards"));
	return (unsigned int)(1 + (write->after->ended_ns ? 1 : 2) * ports);
}

int state_write_send(struct fleet *fleet, const struct fleet_write *write,
		     struct etcd_txn_call **ret_call)
{
	struct etcd_txn *txn = etcd_txn_new();

	return send_txn(fleet, txn, state_write_add(fleet, write, true, txn), write, ret_call);
}

int state_write_undo(struct fleet *fleet, const struct fleet_write *write, int64_t revision,
		     struct etcd_txn_call **ret_call)
{
	struct etcd_txn *txn = etcd_txn_new();
	struct draft draft;
	int error = begin(fleet, write, txn, &draft);

	if (error)
		return send_txn(fleet, txn, error, write, ret_call);
	etcd_txn_compare(txn, gateway_value_text(draft.key), revision);
	for (unsigned int i = 0; i < draft.after.nr; i++)
		if (!store_claims_has(&draft.before, draft.after.claim[i].key))
			etcd_txn_delete(txn, gateway_value_text(draft.after.claim[i].key));
	if (write->before)
		error = put_record(&draft, write->before);
	else
		etcd_txn_delete(txn, gateway_value_text(draft.key));
	clear(&draft);
	return send_txn(fleet, txn, error, write, ret_call);
}

int state_write_forget(struct fleet *fleet, const struct fleet_write *write,
		       struct etcd_txn_call **ret_call)
{
	struct etcd_txn *txn = etcd_txn_new();
	struct draft draft;
	int error = begin(fleet, write, txn, &draft);

	if (error)
		return send_txn(fleet, txn, error, write, ret_call);
	etcd_txn_compare(txn, gateway_value_text(draft.key), write->before->mod_revision);
	etcd_txn_delete(txn, gateway_value_text(draft.key));
	give_up(&draft, &draft.before, STORE_PORTS);
	clear(&draft);
	return send_txn(fleet, txn, error, write, ret_call);
}
