// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/attach/offloads.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/attach/attach.h"
#include "kernel/device/device.h"
#include "kernel/netlink/links.h"
#include "kernel/pins/reason.h"
#include "model/clock.h"

#define KEPT_NAME "offloads" /* boot's id, then a line "DEVICE FEATURE" for each */
#define LINE_SIZE 128
#define PATH_SIZE 256

/* Of IEEE 802.1Q, and of 802.1ad outside. */
static const char *const tags[] = {"rx-vlan-hw-parse", "rx-vlan-stag-hw-parse"};

/* Opens what is kept of this boot, past its first line. Result: NULL if nothing is. */
static FILE *open_kept(const char *state_dir)
{
	char path[PATH_SIZE], now[CLOCK_BOOT_ID_SIZE], then[LINE_SIZE];
	FILE *in;

	snprintf(path, sizeof(path), "%s/" KEPT_NAME, state_dir);
	in = fopen(path, "re");
	if (in && (model_clock_boot_id(now) < 0 || fscanf(in, "%63s", then) != 1 ||
		   strcmp(now, then) != 0)) {
		fclose(in);
		in = NULL;
	}
	return in;
}

static bool is_kept(FILE *in, const char *device, const char *feature)
{
	char one[64], other[64];

	while (fscanf(in, "%63s %63s", one, other) == 2)
		if (strcmp(one, device) == 0 && strcmp(other, feature) == 0)
			return true;
	return false;
}

static int keep(const char *state_dir, const char *device, const char *feature)
{
	FILE *kept = open_kept(state_dir), *out;
	bool begun = kept, known = kept && is_kept(kept, device, feature);
	char path[PATH_SIZE], id[CLOCK_BOOT_ID_SIZE];
	int error;

	if (kept)
		fclose(kept);
	if (known)
		return 0;
	error = model_clock_boot_id(id);
	if (error)
		return error;
	snprintf(path, sizeof(path), "%s/" KEPT_NAME, state_dir);
	out = fopen(path, begun ? "ae" : "we");
	if (!out)
		return -errno;
	if (!begun)
		fprintf(out, "%s\n", id);
	fprintf(out, "%s %s\n", device, feature);
	/* Not synced: after a reboot it is void. */
	if (fclose(out))
		error = -errno;
	/* On a full disk sessions matter more than what --detach can put back. */
	return error == -ENOSPC || error == -EDQUOT ? 0 : error;
}

/* Result: 0 if it is off, or does not exist; -EOPNOTSUPP if it stays on; or -errno. */
static int turn_off(const char *state_dir, const char *device, const char *feature)
{
	enum device_state state = device_feature(device, feature);
	int error;

	if (state == DEVICE_ON_FIXED)
		return -EOPNOTSUPP;
	if (state != DEVICE_ON)
		return 0;
	error = keep(state_dir, device, feature);
	if (!error)
		error = device_set_feature(device, feature, false);
	if (!error && device_feature(device, feature) != DEVICE_OFF)
		error = -EOPNOTSUPP;
	return error;
}

static int keep_tags(const char *state_dir, const char *device)
{
	int error = turn_off(state_dir, device, tags[0]);

	return error ? error : turn_off(state_dir, device, tags[1]);
}

/*
 * A bond that runs its program natively has it on its ports. What lies below others is no matter:
 * the kernel itself takes tags off before a generic program.
 */
static int keep_tags_below(const char *state_dir, const struct links *links, const char *name,
			   const char **ret_device)
{
	const struct links_link *upper = netlink_links_named(links, name);

	if (!upper || strcmp(upper->kind, "bond") != 0)
		return 0;
	for (unsigned int i = 0; i < links->nr; i++) {
		int error = 0;

		if (netlink_links_is_below(links, &links->link[i], upper))
			error = keep_tags(state_dir, links->link[i].name);
		if (error) {
			*ret_device = links->link[i].name;
			return error;
		}
	}
	return 0;
}

int attach_offloads_keep_tags(const char *state_dir, const struct attach_plan *plan,
			      char **ret_reason)
{
	struct links links = {0};
	int error = netlink_links_read(&links);

	for (unsigned int i = 0; !error && i < plan->nr_targets; i++) {
		const struct attach_target *target = &plan->targets[i];
		const char *device = target->name;

		error = keep_tags(state_dir, device);
		if (!error)
			error = keep_tags_below(state_dir, &links, target->name, &device);
		if (error)
			pins_reason_give(
				ret_reason, error,
				"%s: %s takes VLAN tags off (rxvlan), so that frames of other "
				"VLANs look like its own, and it cannot be turned off: %s",
				target->key, device, strerror(-error));
	}
	netlink_links_free(&links);
	return error;
}

static int stop_below(const char *state_dir, const struct links *links, const char *name)
{
	const struct links_link *upper = netlink_links_named(links, name);
	int first = 0;

	for (unsigned int i = 0; upper && i < links->nr; i++) {
		if (!netlink_links_is_below(links, &links->link[i], upper))
			continue;
		for (const struct device_merge *merge = device_merges; merge->feature; merge++) {
			int error = turn_off(state_dir, links->link[i].name, merge->feature);

			if (!first)
				first = error;
		}
	}
	return first;
}

int attach_offloads_stop_merging(const char *state_dir, const struct attach_plan *plan,
				 const struct attach_outcome *outcomes)
{
	struct links links = {0};
	int first = 0;

	for (unsigned int i = 0; i < plan->nr_targets; i++) {
		int error;

		if (outcomes[i].native)
			continue;
		error = links.link ? 0 : netlink_links_read(&links);
		if (!error)
			error = stop_below(state_dir, &links, plan->targets[i].name);
		if (!first)
			first = error;
	}
	netlink_links_free(&links);
	return first;
}

int attach_offloads_restore(const char *state_dir)
{
	FILE *kept = open_kept(state_dir);
	char path[PATH_SIZE], device[64], feature[64];
	int first = 0;

	while (kept && fscanf(kept, "%63s %63s", device, feature) == 2) {
		int error = device_set_feature(device, feature, true);

		/* A device that is gone took its offloads along. */
		if (!first && error != -EOPNOTSUPP && error != -ENODEV)
			first = error;
	}
	if (kept)
		fclose(kept);
	snprintf(path, sizeof(path), "%s/" KEPT_NAME, state_dir);
	if (!first && unlink(path) && errno != ENOENT)
		first = -errno;
	return first;
}
