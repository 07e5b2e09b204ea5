/* SPDX-License-Identifier: BSD-3-Clause */
#include "announce/decide.h"

#include <stddef.h>

enum announce_drain announce_decide_drain(const struct announce_known *known)
{
	if (!known->drained)
		return ANNOUNCE_NOT_DRAINED;
	return known->now_ns < known->drained_until_ns ? ANNOUNCE_DRAINING : ANNOUNCE_DRAINED;
}

static enum announce_state last_resort(const struct announce_known *known)
{
	return known->has_last_resort ? ANNOUNCE_LAST_RESORT : ANNOUNCE_WITHDRAWN;
}

enum announce_state announce_decide(const struct announce_known *known, const char **ret_why)
{
	*ret_why = known->ill;
	if (known->ill)
		return ANNOUNCE_WITHDRAWN;
	*ret_why = "it is drained";
	switch (announce_decide_drain(known)) {
	case ANNOUNCE_DRAINED:
		return ANNOUNCE_WITHDRAWN;
	case ANNOUNCE_DRAINING:
		return last_resort(known);
	case ANNOUNCE_NOT_DRAINED:
		break;
	}
	*ret_why = NULL;
	if (!known->in_fleet || known->now_ns < known->current_until_ns)
		return ANNOUNCE_ANNOUNCED;
	*ret_why = known->behind[0] ? known->behind
				    : "sallyport-fleet does not say that the store is followed";
	return known->withdraws_without_store ? ANNOUNCE_WITHDRAWN : last_resort(known);
}
