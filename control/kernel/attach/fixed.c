// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/attach/fixed.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "host/config.h"
#include "kernel/attach/maps.h"
#include "kernel/pins/reason.h"

static bool same_table(const struct config *now, const struct config *then,
		       const struct kernel_kept *kept)
{
	const struct sp_meta before = attach_maps_sizes(now, kept);
	const struct sp_meta after = attach_maps_sizes(then, kept);

	return attach_maps_fit(&before, &after);
}

static bool same_interfaces(const struct config *now, const struct config *then)
{
	return strcmp(now->public.interface, then->public.interface) == 0 &&
	       strcmp(now->builds.interface, then->builds.interface) == 0 &&
	       now->public.vlan == then->public.vlan && now->builds.vlan == then->builds.vlan;
}

int attach_fixed_check(const struct config *now, const struct config *then,
		       const struct kernel_kept *kept, char **ret_reason)
{
	const char *what = NULL;

	if (!same_table(now, then, kept))
		what = "public.addresses, dataplane.workers and limits.allow_lists "
		       "shape the table: restart sallyportd to change them";
	else if (!same_interfaces(now, then))
		what = "restart sallyportd to change interface or vlan of public or builds";
	else if (strcmp(now->edge.bpf_dir, then->edge.bpf_dir) != 0 ||
		 strcmp(now->edge.state_dir, then->edge.state_dir) != 0)
		what = "restart sallyportd to change edge.bpf_dir or edge.state_dir";
	return what ? pins_reason_give(ret_reason, -EBUSY, "%s", what) : 0;
}
