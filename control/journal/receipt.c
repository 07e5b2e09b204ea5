/* SPDX-License-Identifier: BSD-3-Clause */
/* Receipts: what changes were answered, by user and key. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/journal.h"
#include "journal/sql.h"
#include "model/receipt.h"

/* All answers kept together: a sync's may be as long as all its builds. */
#define BYTES_MAX ((uint64_t)64 << 20)

static int forget_key(struct journal *journal, const struct receipt *receipt)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_DROP_RECEIPT);

	journal_sql_give(&use, receipt->uid);
	journal_sql_give_text(&use, receipt->key);
	return journal_sql_run(&use);
}

/* Where the newest one is; zeroes if there is none. */
struct end {
	uint64_t number;
	uint64_t bytes;
};

static int find_end(struct journal *journal, struct end *ret_end)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_LAST_RECEIPT);

	*ret_end = (struct end){0};
	if (journal_sql_row(&use)) {
		ret_end->number = journal_sql_take(&use);
		ret_end->bytes = journal_sql_take(&use);
	}
	return journal_sql_end(&use);
}

static int add(struct journal *journal, const struct receipt *receipt, uint64_t begin_bytes)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_ADD_RECEIPT);

	journal_sql_give(&use, receipt->uid);
	journal_sql_give_text(&use, receipt->key);
	journal_sql_give(&use, receipt->digest);
	journal_sql_give(&use, receipt->wall_ns);
	journal_sql_give(&use, receipt->status);
	journal_sql_give(&use, receipt->removed);
	journal_sql_give_text(&use, receipt->etag);
	journal_sql_give_text(&use, receipt->location);
	journal_sql_give_text(&use, receipt->body);
	journal_sql_give(&use, begin_bytes);
	journal_sql_give(&use, receipt->body ? strlen(receipt->body) : 0);
	return journal_sql_run(&use);
}

static int drop_before(struct journal *journal, enum journal_statement statement, uint64_t end,
		       uint64_t kept)
{
	struct journal_use use = journal_sql_use(journal, statement);

	if (end <= kept)
		return 0;
	journal_sql_give(&use, end - kept);
	return journal_sql_run(&use);
}

static int drop_oldest(struct journal *journal, const struct end *end, uint64_t kept)
{
	int result = drop_before(journal, JOURNAL_DROP_RECEIPTS_BY_NUMBER, end->number, kept);

	return result < 0 ? result
			  : drop_before(journal, JOURNAL_DROP_RECEIPTS_BY_BYTES, end->bytes,
					BYTES_MAX);
}

int journal_receipt_save(struct journal *journal, const struct receipt *receipt, uint64_t kept,
			 uint64_t *ret_number)
{
	struct end end;
	int result = forget_key(journal, receipt);

	if (result == 0)
		result = find_end(journal, &end);
	if (result == 0)
		result = add(journal, receipt, end.bytes);
	if (result == 0)
		result = find_end(journal, &end);
	if (result == 0)
		result = drop_oldest(journal, &end, kept);
	if (result == 0)
		*ret_number = end.number;
	return result;
}

int journal_receipt_drop(struct journal *journal, uint64_t before_wall_ns)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_DROP_RECEIPTS_BY_TIME);

	journal_sql_give(&use, before_wall_ns);
	return journal_sql_run(&use);
}

/* Result: 0 with a copy of the column or NULL; or -ENOMEM. */
static int take_copy(struct journal_use *use, char **ret_text)
{
	const char *text = journal_sql_take_text(use);

	*ret_text = text ? strdup(text) : NULL;
	return text && !*ret_text ? -ENOMEM : 0;
}

static int take_receipt(struct journal_use *use, struct receipt *receipt)
{
	receipt->number = journal_sql_take(use);
	receipt->digest = journal_sql_take(use);
	receipt->wall_ns = journal_sql_take(use);
	receipt->status = (unsigned int)journal_sql_take(use);
	receipt->removed = journal_sql_take(use) != 0;
	if (take_copy(use, &receipt->etag) < 0 || take_copy(use, &receipt->location) < 0 ||
	    take_copy(use, &receipt->body) < 0)
		return -ENOMEM;
	return 0;
}

int journal_receipt_find(struct journal *journal, struct receipt *receipt)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_GET_RECEIPT);
	int result = -ENOENT, ended;

	journal_sql_give(&use, receipt->uid);
	journal_sql_give_text(&use, receipt->key);
	if (journal_sql_row(&use))
		result = take_receipt(&use, receipt);
	ended = journal_sql_end(&use);
	return ended < 0 ? ended : result;
}
