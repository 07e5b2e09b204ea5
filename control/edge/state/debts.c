/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/state/debts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int state_debts_reserve(struct debts *debts, unsigned int nr_more)
{
	unsigned int room = debts->nr + nr_more;
	struct debt *grown;

	if (room <= debts->room)
		return 0;
	room += room / 2;
	grown = reallocarray(debts->debt, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	debts->debt = grown;
	debts->room = room;
	return 0;
}

void state_debts_add(struct debts *debts, const struct debt *debt)
{
	assert(debts->nr < debts->room);
	debts->debt[debts->nr++] = *debt;
	debts->nr_loose += debt->record == JOURNAL_CUTS_NONE;
	debts->cuts++;
}

const struct debt *state_debts_find(const struct debts *debts, uint64_t serial)
{
	for (unsigned int i = debts->nr; i-- > 0;)
		if (debts->debt[i].serial == serial)
			return &debts->debt[i];
	return NULL;
}

void state_debts_drop(struct debts *debts, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		debts->nr_loose -= debts->debt[i].record == JOURNAL_CUTS_NONE;
	debts->nr -= nr;
	memmove(debts->debt, debts->debt + nr, debts->nr * sizeof(*debts->debt));
}

void state_debts_free(struct debts *debts)
{
	free(debts->debt);
	*debts = (struct debts){0};
}
