// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/kernel.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/table_host.h>

#include <sallyport/decide.h>

#include "host/config.h"
#include "kernel/attach/attach.h"
#include "kernel/attach/look.h"
#include "kernel/attach/maps.h"
#include "kernel/attach/offloads.h"
#include "kernel/attach/probe.h"
#include "kernel/attach/remove.h"
#include "kernel/hold/hold.h"
#include "kernel/napi_threads.h"
#include "kernel/neighbours/neighbours.h"
#include "kernel/netlink/links.h"
#include "kernel/netlink/netlink.h"
#include "kernel/pins/pins.h"
#include "kernel/pins/reason.h"
#include "kernel/sysctl.h"

/* Keeps the first error and its sentence. */
struct errors {
	int first;
	char **ret_reason;
};

static void note(struct errors *errors, int error, const char *what)
{
	if (!error || errors->first)
		return;
	errors->first = error;
	pins_reason_give(errors->ret_reason, error, "%s: %s", what, strerror(-error));
}

static int remove_neighbours(const struct config *config)
{
	const uint32_t ifindexes[] = {
		netlink_links_hop(if_nametoindex(config->public.interface), config->public.vlan),
		netlink_links_hop(if_nametoindex(config->builds.interface), config->builds.vlan)};
	struct netlink *netlink;
	int error = netlink_open(&netlink);

	if (error)
		return error;
	error = neighbours_remove_all(netlink, ifindexes, 2);
	netlink_close(netlink);
	return error;
}

/* What a program of somebody else's has is theirs; a veth has threads to lose only with a program.
 */
static int undo_napi_threads(const struct config *config, const char *name, uint32_t role)
{
	struct attach_target target = {.ifindex = if_nametoindex(name), .role = role};
	struct kernel_interface found;

	attach_look(config->edge.bpf_dir, &target, &found);
	if (!found.prog_id || found.foreign)
		return 0;
	return kernel_napi_threads_undo(config, name);
}

int kernel_detach(const struct config *config, char **ret_reason)
{
	const char *bpf_dir = config->edge.bpf_dir;
	struct errors errors = {.ret_reason = ret_reason};
	int error = attach_probe_rights(config, ret_reason);
	uint64_t held;

	if (error)
		return error;
	note(&errors, undo_napi_threads(config, config->public.interface, SP_ROLE_PUBLIC),
	     "threads of public.interface cannot be turned off");
	note(&errors, undo_napi_threads(config, config->builds.interface, SP_ROLE_BUILDS),
	     "threads of builds.interface cannot be turned off");
	note(&errors, hold_end(&held), "what waits for sallyportd cannot be let go");
	/* The programs first, as no packet may meet one whose table is going. */
	error = attach_remove_all(bpf_dir);
	note(&errors, error, "the programs cannot be taken off");
	if (!error)
		note(&errors, attach_maps_remove(bpf_dir), "the table cannot be removed");
	note(&errors, remove_neighbours(config), "managed neighbours cannot be removed");
	note(&errors, kernel_sysctl_restore(config->edge.state_dir),
	     "forwarding of lo cannot be put back");
	note(&errors, attach_offloads_restore(config->edge.state_dir),
	     "offloads cannot be put back");
	pins_remove_dirs(bpf_dir);
	return errors.first;
}
