// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/devices.h"

#include <errno.h>
#include <string.h>

#include "host/config.h"
#include "kernel/attach/attach.h"
#include "kernel/attach/offloads.h"
#include "kernel/napi_threads.h"
#include "kernel/warnings.h"

/*
 * A wish that the kernel does not grant costs speed, no session. One for a veth that is down is
 * granted once it is up: correct_napi_threads() in kernel.c.
 */
static void apply_napi_threads(const struct config *config, const struct attach_plan *plan,
			       const struct attach_outcome *outcomes, struct warnings *warnings)
{
	for (unsigned int i = 0; i < plan->nr_targets; i++) {
		const char *name = plan->targets[i].name;
		int error = kernel_napi_threads_apply(config, name);

		/* In generic mode a veth has none to be polled by threads. */
		if (error == -EOPNOTSUPP && !outcomes[i].native &&
		    config->dataplane.napi_threads == CONFIG_NAPI_THREADS_AUTO)
			continue;
		if (error < 0 && error != -ENETDOWN)
			kernel_warnings_add(warnings, "dataplane.napi_threads: not set for %s: %s",
					    name, strerror(-error));
	}
}

void kernel_devices_settle(const struct config *config, const struct attach_plan *plan,
			   const struct attach_outcome *outcomes, struct warnings *warnings)
{
	int error = attach_offloads_stop_merging(config->edge.state_dir, plan, outcomes);

	if (error)
		kernel_warnings_add(warnings,
				    "GRO or LRO below an interface cannot be turned off: %s",
				    strerror(-error));
	apply_napi_threads(config, plan, outcomes, warnings);
}
