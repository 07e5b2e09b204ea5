/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/store.h"

#include "host/log.h"
#include "model/clock.h"

#define AGAIN_NS CLOCK_SECOND_NS

void watch_store_note(struct store *store, const struct instant *now, int error)
{
	if (error && !store->failing)
		log_write(LOG_WARNING, store->failed, log_error("error", error));
	if (!error && store->failing)
		log_write(LOG_NOTICE, store->resumed);
	store->again_ns = error ? now->boot_ns + AGAIN_NS : 0;
	store->failing = error != 0;
}

bool watch_store_rests(const struct store *store, const struct instant *now)
{
	return now->boot_ns < store->again_ns;
}
