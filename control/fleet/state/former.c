/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/state/former.h"

#include <stdbool.h>
#include <string.h>

#include "fleet/state/await.h"
#include "fleet/state/fleet.h"
#include "fleet/store/claims.h"
#include "fleet/store/mirror.h"
#include "fleet/store/record.h"
#include "host/config.h"

struct search {
	const char *prefix;
	const char *id;
	struct store_claims claims; /* of the record */
	int64_t newest;		    /* that is of no interest, or was found */
	bool found;
};

static bool has_vm_of(const struct search *search, const struct record *record)
{
	struct store_claims claims = {0};
	bool has = false;

	if (store_claims_list(search->prefix, record, &claims) < 0)
		return true; /* without memory it may */
	for (unsigned int i = 0; !has && i < claims.nr; i++)
		has = claims.claim[i].kind == STORE_ENDPOINTS &&
		      store_claims_has(&search->claims, claims.claim[i].key);
	store_claims_clear(&claims);
	return has;
}

static void look(void *context, const struct record *record)
{
	struct search *search = context;

	if (!record->ended_ns || record->mod_revision <= search->newest ||
	    strcmp(record->id, search->id) == 0 || !has_vm_of(search, record))
		return;
	search->newest = record->mod_revision;
	search->found = true;
}

int64_t state_former_find(const struct fleet *fleet, const struct record *record)
{
	struct search search = {.prefix = fleet->config->fleet.prefix,
				.id = record->id,
				.newest = state_await_floor(fleet)};

	if (store_claims_list(search.prefix, record, &search.claims) < 0)
		return 0; /* it cannot be written either */
	store_mirror_each(fleet->mirror, look, &search);
	store_claims_clear(&search.claims);
	return search.found ? search.newest : 0;
}
