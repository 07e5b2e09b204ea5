/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/txn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "etcd/call.h"

struct etcd_txn {
	json_t *compare, *success, *failure;
	bool spoilt; /* there was no memory */
};

struct etcd_txn_call {
	struct etcd_call *call;
	void (*done)(void *context, const struct etcd_txn_result *result);
	void *context;
};

struct etcd_txn *etcd_txn_new(void)
{
	struct etcd_txn *txn = calloc(1, sizeof(*txn));

	if (!txn)
		return NULL;
	txn->compare = json_array();
	txn->success = json_array();
	txn->failure = json_array();
	txn->spoilt = !txn->compare || !txn->success || !txn->failure;
	return txn;
}

void etcd_txn_free(struct etcd_txn *txn)
{
	if (!txn)
		return;
	json_decref(txn->compare);
	json_decref(txn->success);
	json_decref(txn->failure);
	free(txn);
}

/* Takes the object over, which is NULL without memory. */
static void add(struct etcd_txn *txn, json_t *list, json_t *object)
{
	if (txn->spoilt)
		json_decref(object);
	else if (json_array_append_new(list, object) < 0)
		txn->spoilt = true;
}

void etcd_txn_compare(struct etcd_txn *txn, struct etcd_bytes key, int64_t mod_revision)
{
	add(txn, txn->compare,
	    json_pack("{s:o, s:s, s:s, s:o}", "key", gateway_value_write_bytes(key), "target",
		      "MOD", "result", "EQUAL", "mod_revision",
		      gateway_value_write_int(mod_revision)));
}

void etcd_txn_put(struct etcd_txn *txn, struct etcd_bytes key, struct etcd_bytes value)
{
	etcd_txn_put_leased(txn, key, value, 0);
}

void etcd_txn_put_leased(struct etcd_txn *txn, struct etcd_bytes key, struct etcd_bytes value,
			 int64_t lease)
{
	add(txn, txn->success,
	    json_pack("{s:{s:o, s:o, s:o}}", "request_put", "key", gateway_value_write_bytes(key),
		      "value", gateway_value_write_bytes(value), "lease",
		      gateway_value_write_int(lease)));
}

void etcd_txn_delete(struct etcd_txn *txn, struct etcd_bytes key)
{
	add(txn, txn->success,
	    json_pack("{s:{s:o}}", "request_delete_range", "key", gateway_value_write_bytes(key)));
}

void etcd_txn_else_read(struct etcd_txn *txn, struct etcd_bytes key)
{
	add(txn, txn->failure,
	    json_pack("{s:{s:o}}", "request_range", "key", gateway_value_write_bytes(key)));
}

unsigned int etcd_txn_size(const struct etcd_txn *txn)
{
	size_t compare = json_array_size(txn->compare), success = json_array_size(txn->success);
	size_t failure = json_array_size(txn->failure);
	size_t most = compare > success ? compare : success;

	return (unsigned int)(most > failure ? most : failure);
}

/* Reads what a transaction that did not hold has read. Result: 0 or -errno; kvs are to be cleared.
 */
static int read_kvs(const json_t *responses, struct etcd_kv *kvs, unsigned int *nr_kvs)
{
	size_t index;
	json_t *response;
	int error = 0;

	json_array_foreach (responses, index, response) {
		const json_t *range = json_object_get(response, "response_range");
		const json_t *kv = json_array_get(json_object_get(range, "kvs"), 0);

		if (!kv)
			continue;
		error = gateway_kv_read(kv, &kvs[*nr_kvs]);
		if (error)
			break;
		(*nr_kvs)++;
	}
	return error;
}

static void read_result(const struct etcd_result *result, struct etcd_kv *kvs,
			struct etcd_txn_result *read)
{
	const json_t *responses = json_object_get(result->body, "responses");

	read->succeeded = json_is_true(json_object_get(result->body, "succeeded"));
	read->revision = result->header.revision;
	if (!read->succeeded)
		read->error = kvs ? read_kvs(responses, kvs, &read->nr_kvs) : -ENOMEM;
	if (read->error)
		read->reason = strerror(-read->error);
	read->kvs = kvs;
}

static void on_done(void *context, const struct etcd_result *result)
{
	struct etcd_txn_call *call = context;
	struct etcd_txn_result read = {.error = result->error, .reason = result->reason};
	size_t space = json_array_size(json_object_get(result->body, "responses"));
	struct etcd_kv *kvs = calloc(space + 1, sizeof(*kvs));

	if (!result->error)
		read_result(result, kvs, &read);
	call->call = NULL;
	call->done(call->context, &read);
	for (unsigned int i = 0; i < read.nr_kvs; i++)
		gateway_kv_clear(&kvs[i]);
	free(kvs);
	free(call);
}

int etcd_txn_send(struct etcd *etcd, const struct etcd_txn *txn,
		  void (*done)(void *context, const struct etcd_txn_result *result), void *context,
		  struct etcd_txn_call **ret_call)
{
	json_t *body = txn->spoilt ? NULL
				   : json_pack("{s:O, s:O, s:O}", "compare", txn->compare,
					       "success", txn->success, "failure", txn->failure);
	struct etcd_txn_call *call = calloc(1, sizeof(*call));
	const struct etcd_ask ask = {
		.path = "/v3/kv/txn", .body = body, .once = true, .done = on_done, .context = call};
	int error = -ENOMEM;

	if (body && call) {
		call->done = done;
		call->context = context;
		error = etcd_call_start(etcd, &ask, &call->call);
	}
	json_decref(body);
	if (error)
		free(call);
	else
		*ret_call = call;
	return error;
}

void etcd_txn_cancel(struct etcd_txn_call *call)
{
	if (!call)
		return;
	etcd_call_cancel(call->call);
	free(call);
}
