// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/table_host.h>

#include <sallyport/decide.h>

#include "host/addr.h"
#include "host/boottime.h"
#include "host/config.h"
#include "kernel/attach/attach.h"
#include "kernel/attach/fixed.h"
#include "kernel/attach/look.h"
#include "kernel/attach/maps.h"
#include "kernel/attach/offloads.h"
#include "kernel/attach/probe.h"
#include "kernel/changes.h"
#include "kernel/devices.h"
#include "kernel/hold/hold.h"
#include "kernel/link_local.h"
#include "kernel/mirror.h"
#include "kernel/napi_threads.h"
#include "kernel/neighbours/neighbours.h"
#include "kernel/netlink/netlink.h"
#include "kernel/pins/kept.h"
#include "kernel/pins/pins.h"
#include "kernel/pins/reason.h"
#include "kernel/redirects.h"
#include "kernel/settings.h"
#include "kernel/sysctl.h"
#include "kernel/warnings.h"
#include "kernel/watchful.h"

struct kernel {
	struct config *config; /* a copy: what is in force */
	struct kernel_kept kept;
	struct maps maps;
	struct mirror mirror;
	struct attach_plan plan;
	struct attach_outcome outcomes[ATTACH_MAX];
	bool attached;
	bool told_blind;
	uint64_t corrected; /* how much others had changed */
	struct watchful watchful;
	struct redirects *redirects; /* NULL: not counted */
	struct changes changes;
	struct warnings warnings;
};

static void plan_target(struct attach_plan *plan, const struct config *config, uint32_t ifindex,
			uint32_t role)
{
	bool builds = role == SP_ROLE_BUILDS;
	struct attach_target *target = &plan->targets[plan->nr_targets++];

	target->key = builds ? "builds.interface" : "public.interface";
	snprintf(target->name, sizeof(target->name), "%s",
		 builds ? config->builds.interface : config->public.interface);
	target->ifindex = ifindex;
	target->role = role;
	target->public_vlan = config->public.vlan;
	target->builds_vlan = config->builds.vlan;
	target->exception = (builds ? config->builds.port : config->public.port)[0] != '\0';
}

static void plan(struct kernel *kernel, const struct probe_interfaces *found)
{
	const struct config *config = kernel->config;
	struct attach_plan *plan = &kernel->plan;
	bool one_arm = found->public_ifindex == found->builds_ifindex;

	*plan = (struct attach_plan){.bpf_dir = config->edge.bpf_dir, .maps = &kernel->maps};
	plan_target(plan, config, found->public_ifindex, one_arm ? SP_ROLE_BOTH : SP_ROLE_PUBLIC);
	if (!one_arm)
		plan_target(plan, config, found->builds_ifindex, SP_ROLE_BUILDS);
	snprintf(kernel->mirror.interfaces[0].name, KERNEL_NAME_SIZE, "%s",
		 config->public.interface);
	snprintf(kernel->mirror.interfaces[1].name, KERNEL_NAME_SIZE, "%s",
		 config->builds.interface);
	for (unsigned int i = 0; i < 2; i++)
		memcpy(kernel->mirror.interfaces[i].called, kernel->mirror.interfaces[i].name,
		       KERNEL_NAME_SIZE);
	kernel->mirror.interfaces[0].ifindex = found->public_ifindex;
	kernel->mirror.interfaces[1].ifindex = found->builds_ifindex;
	kernel->mirror.interfaces[0].vlan = config->public.vlan;
	kernel->mirror.interfaces[1].vlan = config->builds.vlan;
	kernel_mirror_find_hops(&kernel->mirror);
}

static void write_settings(struct kernel *kernel)
{
	kernel_settings_write(kernel->maps.table->settings, kernel->config,
			      kernel->mirror.interfaces);
	kernel_redirects_follow(kernel->redirects, kernel->mirror.interfaces);
}

static void count_redirects(struct kernel *kernel)
{
	char *reason = NULL;

	if (kernel_redirects_open(&kernel->redirects, &reason))
		kernel_warnings_add(&kernel->warnings, "%s", reason ? reason : "out of memory");
	free(reason);
}

static struct config *copy_config(const struct config *config)
{
	struct config *copy = malloc(sizeof(*copy));

	if (copy)
		*copy = *config;
	return copy;
}

int kernel_start(const struct config *config, const struct kernel_kept *kept,
		 struct kernel **ret_kernel, char **ret_reason)
{
	struct probe_interfaces found;
	struct kernel *kernel;
	int error = attach_probe_host(config, &found, ret_reason);

	if (error)
		return error;
	kernel = calloc(1, sizeof(*kernel));
	if (!kernel)
		return -ENOMEM;
	kernel->config = copy_config(config);
	if (!kernel->config) {
		error = -ENOMEM;
		goto free_kernel;
	}
	kernel->kept = *kept;
	plan(kernel, &found);
	error = attach_maps_open(config, kept, &kernel->maps, ret_reason);
	if (error)
		goto free_kernel;
	count_redirects(kernel);
	/* One that packets meet keeps its settings until the programs are seen to be ours. */
	if (kernel->maps.origin != KERNEL_ADOPTED)
		write_settings(kernel);
	error = kernel_mirror_open(&kernel->mirror, config, kernel->maps.table, ret_reason);
	if (error)
		goto close_maps;
	*ret_kernel = kernel;
	return 0;
close_maps:
	kernel_redirects_close(kernel->redirects);
	attach_maps_close(&kernel->maps);
free_kernel:
	pins_remove_dirs(config->edge.bpf_dir);
	free(kernel->config);
	free(kernel);
	return error;
}

/* All are in one mode, for the reason of one of them. */
static void note_modes(struct kernel *kernel)
{
	const struct attach_target *targets = kernel->plan.targets;
	unsigned int last = kernel->plan.nr_targets - 1;
	const char *why = kernel->outcomes[0].why;

	if (kernel->outcomes[0].native)
		return;
	kernel_warnings_add(&kernel->warnings, "%s%s%s%s in the slower generic mode%s%.170s",
			    targets[0].name, last ? " and " : "", last ? targets[last].name : "",
			    last ? " are" : " is", *why ? ": " : "", why);
}

static void note_warnings(struct kernel *kernel)
{
	const struct hosts *hosts = &kernel->mirror.hosts;
	const struct config *config = kernel->config;

	note_modes(kernel);
	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		char text[ADDR_TEXT_BYTES];

		if (config_is_prefix(&config->public.addresses[i]))
			continue;
		addr_format(&config->public.addresses[i].bind, text);
		if (!netlink_has_addr(kernel->mirror.netlink, &config->public.addresses[i].bind))
			kernel_warnings_add(
				&kernel->warnings,
				"public.addresses: bind %s is no address of this host, so nobody "
				"answers for ended ports: ip address add it",
				text);
	}
	if (hosts->nr_refused)
		kernel_warnings_add(&kernel->warnings, "this host has more local addresses than "
						       "the table holds: replies to some of "
						       "them may be taken for a session's");
}

static void settle(struct kernel *kernel)
{
	kernel_devices_settle(kernel->config, &kernel->plan, kernel->outcomes, &kernel->warnings);
}

static int attach(struct kernel *kernel, char **ret_reason)
{
	int error = attach_offloads_keep_tags(kernel->config->edge.state_dir, &kernel->plan,
					      ret_reason);

	if (!error)
		error = attach_all(&kernel->plan, kernel->outcomes, ret_reason);
	if (error)
		return error;
	write_settings(kernel);
	settle(kernel);
	return 0;
}

static struct watchful_site site_of(struct kernel *kernel)
{
	return (struct watchful_site){.plan = &kernel->plan,
				      .outcomes = kernel->outcomes,
				      .settings = kernel->maps.table->settings,
				      .changes = &kernel->changes};
}

static void watch(struct kernel *kernel)
{
	const struct watchful_site site = site_of(kernel);

	kernel_watchful_begin(&kernel->watchful, &site, boottime_now_ns());
}

int kernel_attach(struct kernel *kernel, char **ret_reason)
{
	int error = kernel_sysctl_enable(kernel->config->edge.state_dir,
					 config_carries_v6(kernel->config), ret_reason);

	if (error)
		return error;
	error = attach(kernel, ret_reason);
	if (error) {
		if (kernel->maps.origin == KERNEL_CREATED) {
			kernel_sysctl_restore(kernel->config->edge.state_dir);
			attach_offloads_restore(kernel->config->edge.state_dir);
		}
		return error;
	}
	kernel->attached = true;
	watch(kernel);
	error = attach_maps_commit(&kernel->maps, ret_reason);
	if (error)
		return error;
	neighbours_sweep(kernel->mirror.neighbours);
	note_warnings(kernel);
	return 0;
}

bool kernel_rewrites_networks(const struct kernel *kernel)
{
	return kernel->maps.origin == KERNEL_ADOPTED &&
	       kernel_settings_rewrite_networks(kernel->maps.table->settings, kernel->config);
}

int kernel_reload(struct kernel *kernel, const struct config *config, char **ret_reason)
{
	int error = attach_fixed_check(kernel->config, config, &kernel->kept, ret_reason);

	if (error)
		return error;
	*kernel->config = *config;
	write_settings(kernel);
	settle(kernel);
	return 0;
}

/* A start that attached nothing leaves nothing: what the kernel was asked to keep for it goes. */
static void forget(struct kernel *kernel)
{
	const uint32_t ifindexes[] = {kernel->mirror.interfaces[0].hop_ifindex,
				      kernel->mirror.interfaces[1].hop_ifindex};

	neighbours_remove_all(kernel->mirror.netlink, ifindexes, 2);
}

void kernel_stop(struct kernel *kernel)
{
	bool nothing;

	if (!kernel)
		return;
	nothing = !kernel->attached && kernel->maps.origin == KERNEL_CREATED;
	if (nothing)
		forget(kernel);
	kernel_redirects_close(kernel->redirects);
	kernel_mirror_close(&kernel->mirror);
	attach_maps_close(&kernel->maps);
	if (nothing)
		pins_remove_dirs(kernel->config->edge.bpf_dir);
	free(kernel->config);
	free(kernel);
}

struct table_map *kernel_table(struct kernel *kernel)
{
	return kernel->maps.table;
}

enum kernel_origin kernel_origin(const struct kernel *kernel)
{
	return kernel->maps.origin;
}

int kernel_netlink_fd(const struct kernel *kernel)
{
	return netlink_fd(kernel->mirror.netlink);
}

/* An interface of ours was made anew: it is to have a program too, with a new xsks map. */
static void renumber(struct kernel *kernel)
{
	kernel_mirror_renumber(&kernel->mirror);
	for (unsigned int i = 0; i < kernel->plan.nr_targets; i++) {
		if (kernel->plan.targets[i].ifindex == kernel->mirror.interfaces[i].ifindex)
			continue;
		kernel->plan.targets[i].ifindex = kernel->mirror.interfaces[i].ifindex;
		kernel_watchful_made_anew(&kernel->watchful, i);
	}
	if (kernel->attached)
		write_settings(kernel);
}

static void tell_corrected(struct kernel *kernel, unsigned int nr, const char *what)
{
	if (!nr)
		return;
	kernel->corrected += nr;
	kernel_changes_add(&kernel->changes, KERNEL_CHANGE_CORRECTED, nr, "%s", what);
}

/* While a veth is down its threads cannot be set, and others may set them. */
static void correct_napi_threads(struct kernel *kernel, const char *name)
{
	char what[KERNEL_SENTENCE_SIZE];

	snprintf(what, sizeof(what), "NAPI threads of %s", name);
	if (kernel_napi_threads_apply(kernel->config, name) > 0)
		tell_corrected(kernel, 1, what);
}

/* Puts right what others changed of what an attached edge needs. */
static void correct(struct kernel *kernel)
{
	char what[KERNEL_SENTENCE_SIZE];
	unsigned int nr = neighbours_take_corrected(kernel->mirror.neighbours);

	snprintf(what, sizeof(what), "%u neighbours", nr);
	tell_corrected(kernel, nr, what);
	if (!kernel->mirror.switched || !kernel->attached)
		return;
	kernel->mirror.switched = false;
	nr = kernel_sysctl_correct(config_carries_v6(kernel->config), what, sizeof(what));
	tell_corrected(kernel, nr, what);
}

/* What the mirror heard of our interfaces: one look at each that is concerned. */
static void take_links(struct kernel *kernel, uint64_t now_ns)
{
	struct mirror *mirror = &kernel->mirror;

	if (mirror->renumbered)
		renumber(kernel);
	for (unsigned int i = 0; i < kernel->plan.nr_targets; i++) {
		struct mirror_interface *interface = &mirror->interfaces[i];

		if (interface->gone)
			kernel_watchful_made_anew(&kernel->watchful, i);
		if (interface->told)
			kernel_watchful_hurry(&kernel->watchful, i, now_ns);
		if (interface->told && kernel->attached)
			correct_napi_threads(kernel, interface->name);
		if (interface->renamed)
			kernel_changes_add(&kernel->changes, KERNEL_CHANGE_RENAMED, 0,
					   "%s is called %s now", interface->name,
					   interface->called);
		interface->told = interface->gone = interface->renamed = false;
	}
}

int kernel_netlink_dispatch(struct kernel *kernel)
{
	uint64_t now_ns = boottime_now_ns();
	int error = kernel_mirror_dispatch(&kernel->mirror, now_ns);

	take_links(kernel, now_ns);
	return error;
}

/* Told once a failure that lasts; one that is over at once only counts as a resync. */
static void tell_blind(struct kernel *kernel)
{
	if (kernel->mirror.blind && !kernel->told_blind)
		kernel_changes_add(&kernel->changes, KERNEL_CHANGE_BLIND, 0,
				   "netlink cannot be opened");
	kernel->told_blind = kernel->mirror.blind;
}

static void look_at_redirects(struct kernel *kernel, uint64_t now_ns)
{
	char what[KERNEL_SENTENCE_SIZE];

	if (kernel_redirects_look(kernel->redirects, now_ns, what))
		kernel_changes_add(&kernel->changes, KERNEL_CHANGE_UNSENT, 0, "%s", what);
}

uint64_t kernel_expire(struct kernel *kernel, uint64_t now_ns)
{
	const struct watchful_site site = site_of(kernel);
	uint64_t mirror_ns = kernel_mirror_expire(&kernel->mirror, now_ns), watchful_ns;
	bool attached;

	take_links(kernel, now_ns);
	correct(kernel);
	tell_blind(kernel);
	look_at_redirects(kernel, now_ns);
	watchful_ns = kernel_watchful_expire(&kernel->watchful, &site, now_ns, &attached);
	if (attached) {
		attach_offloads_keep_tags(kernel->config->edge.state_dir, &kernel->plan, NULL);
		settle(kernel);
	}
	return mirror_ns < watchful_ns ? mirror_ns : watchful_ns;
}

struct kernel_change *kernel_next_change(struct kernel *kernel)
{
	return kernel_changes_oldest(&kernel->changes);
}

void kernel_change_done(struct kernel *kernel)
{
	kernel_changes_done(&kernel->changes);
}

int kernel_vm_add(struct kernel *kernel, const struct sp_addr *addr)
{
	return neighbours_vm_add(kernel->mirror.neighbours, addr);
}

int kernel_vm_remove(struct kernel *kernel, const struct sp_addr *addr)
{
	return neighbours_vm_remove(kernel->mirror.neighbours, addr);
}

struct kernel_vm kernel_vm(const struct kernel *kernel, const struct sp_addr *addr)
{
	return neighbours_vm(kernel->mirror.neighbours, addr);
}

struct kernel_figures kernel_figures(const struct kernel *kernel)
{
	return (struct kernel_figures){.resyncs = kernel->mirror.resyncs,
				       .lost = kernel->watchful.lost,
				       .restored = kernel->watchful.restored,
				       .corrected = kernel->corrected,
				       .held = hold_total(),
				       .blind = kernel->mirror.blind,
				       .redirects = kernel_redirects_seen(kernel->redirects)};
}

void kernel_status(const struct kernel *kernel, struct kernel_status *ret_status)
{
	const struct mirror *mirror = &kernel->mirror;

	unsigned int nr = kernel->warnings.nr;

	memset(ret_status, 0, sizeof(*ret_status));
	ret_status->nr_interfaces = kernel->plan.nr_targets;
	for (unsigned int i = 0; i < kernel->plan.nr_targets; i++) {
		attach_look(kernel->config->edge.bpf_dir, &kernel->plan.targets[i],
			    &ret_status->interfaces[i]);
		if (ret_status->interfaces[i].prog_id && !ret_status->interfaces[i].foreign)
			ret_status->interfaces[i].attachment = kernel->outcomes[i].how;
		kernel_watchful_describe(&kernel->watchful, i, kernel->plan.targets[i].name,
					 ret_status->interfaces[i].problem);
	}
	ret_status->origin = kernel->maps.origin;
	ret_status->meta = *kernel->maps.table->meta;
	ret_status->local_addrs = mirror->hosts.nr_local;
	ret_status->hosts_refused = mirror->hosts.nr_refused;
	ret_status->neighbours = neighbours_managed(mirror->neighbours);
	ret_status->figures = kernel_figures(kernel);
	memcpy(ret_status->warnings, kernel->warnings.sentence, sizeof(ret_status->warnings));
	nr += kernel_redirects_warn(kernel->redirects, boottime_now_ns(), ret_status->warnings + nr,
				    KERNEL_WARNINGS_MAX - nr);
	if (config_carries_v6(kernel->config))
		nr += kernel_link_local_warn(mirror->interfaces, ret_status->warnings + nr,
					     KERNEL_WARNINGS_MAX - nr);
	ret_status->nr_warnings = nr;
}
