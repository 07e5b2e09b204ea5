/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/txn/receipt.h"

#include <errno.h>

#include "edge/state/state.h"
#include "edge/txn/txn.h"
#include "model/receipt.h"

int txn_receipt_save(struct txn *txn)
{
	const struct edge_receipt *wanted = txn->receipt;
	struct edge *edge = txn->edge;
	struct receipt *receipt;
	int result;

	if (!wanted)
		return 0;
	receipt = wanted->receipt;
	receipt->wall_ns = txn->now.wall_ns;
	result = wanted->fill(wanted->context, &txn->outcome, receipt);
	if (result < 0)
		return result;
	return journal_receipt_save(edge->journal, receipt, edge->settings.receipts_kept,
				    &receipt->number);
}

int txn_receipt_find(const struct edge *edge, const struct instant *now, struct receipt *receipt)
{
	uint64_t kept_ns = edge->settings.receipts_kept_ns;
	int result = journal_receipt_find(edge->journal, receipt);

	if (result == 0 && now->wall_ns > receipt->wall_ns &&
	    now->wall_ns - receipt->wall_ns > kept_ns) {
		model_receipt_free(receipt);
		receipt->number = 0;
		return -ENOENT;
	}
	return result;
}
