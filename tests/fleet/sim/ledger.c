/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "clock.h"

void sim_ledger_begin(struct sim_ledger *ledger, unsigned int nr_vms)
{
	*ledger = (struct sim_ledger){.nr_vms = nr_vms};
	ledger->of_vm = calloc(nr_vms, sizeof(*ledger->of_vm));
	assert(ledger->of_vm);
}

void sim_ledger_end(struct sim_ledger *ledger)
{
	free(ledger->promise);
	free(ledger->of_vm);
}

unsigned int sim_ledger_add(struct sim_ledger *ledger, unsigned int vm)
{
	struct sim_promise *promise;

	if (ledger->nr == ledger->space) {
		ledger->space = ledger->space ? 2 * ledger->space : 256;
		ledger->promise =
			reallocarray(ledger->promise, ledger->space, sizeof(*ledger->promise));
		assert(ledger->promise);
	}
	promise = &ledger->promise[ledger->nr];
	*promise = (struct sim_promise){.vm = vm, .next = ledger->of_vm[vm]};
	snprintf(promise->id, sizeof(promise->id), "b%u", ledger->nr);
	ledger->of_vm[vm] = ++ledger->nr;
	return ledger->nr - 1;
}

struct sim_promise *sim_ledger_find(const struct sim_ledger *ledger, const char *id)
{
	unsigned int index;

	return sscanf(id, "b%u", &index) == 1 && index < ledger->nr ? &ledger->promise[index]
								    : NULL;
}

bool sim_ledger_is_free(const struct sim_ledger *ledger, unsigned int vm, uint64_t margin_ns)
{
	for (unsigned int i = ledger->of_vm[vm]; i; i = ledger->promise[i - 1].next) {
		const struct sim_promise *promise = &ledger->promise[i - 1];

		if (promise->latest_ns && !promise->confirmed &&
		    promise->latest_ns + margin_ns > sim_clock_wall_ns())
			return false;
	}
	return true;
}

void sim_ledger_note(uint64_t hosts[2], unsigned int host)
{
	hosts[host / 64] |= 1ull << host % 64;
}

bool sim_ledger_has(const uint64_t hosts[2], unsigned int host)
{
	return hosts[host / 64] >> host % 64 & 1;
}

void sim_ledger_break(struct sim_ledger *ledger, const char *format, ...)
{
	int bytes;
	va_list args;

	if (*ledger->broken)
		return;
	bytes = snprintf(ledger->broken, sizeof(ledger->broken),
			 "at %.3f s: ", (double)(sim_agenda_now_ns() / 1000000) / 1000);
	va_start(args, format);
	vsnprintf(ledger->broken + bytes, sizeof(ledger->broken) - (size_t)bytes, format, args);
	va_end(args);
}
