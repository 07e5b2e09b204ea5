// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/attach/attach.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sallyport/table_host.h>

#include <sallyport/decide.h>

#include "kernel/attach/link.h"
#include "kernel/attach/program.h"
#include "kernel/pins/pins.h"
#include "kernel/pins/reason.h"

/* One interface on its way from what it has to what it is to have. */
struct work {
	const struct attach_target *target;
	int link_fd; /* ours, on this interface, or -1 */
	uint32_t link_id;
	int old_prog_fd; /* what that link holds now, or -1 */
	int old_xsks_fd; /* and its sockets */
	struct program program;
	bool pieces; /* it takes frames in pieces */
	struct attach_outcome outcome;
	bool pinned; /* the names were given; undone only for a link made here */
};

struct works {
	const struct attach_plan *plan;
	struct work work[ATTACH_MAX];
	struct link links[ATTACH_LINK_NAMES]; /* as they were found */
	bool generic;			      /* the programs that are loaded are for that mode */
};

static const char *xsks_name(const struct attach_target *target)
{
	return target->role == SP_ROLE_BUILDS ? PINS_XSKS_BUILDS : PINS_XSKS_PUBLIC;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int refuse_foreign(const struct attach_target *target, uint32_t prog_id, char **ret_reason)
{
	char name[KERNEL_NAME_SIZE], tag[KERNEL_TAG_SIZE];
	uint32_t link_id = attach_link_holding(target->ifindex, prog_id);

	attach_program_name(prog_id, name, tag);
	if (link_id)
		return pins_reason_give(
			ret_reason, -EBUSY,
			"%s: %s already runs an XDP program that is not of this edge: "
			"%s, id %u, held by link %u; it is left alone (see bpftool link "
			"show id %u)",
			target->key, target->name, name, prog_id, link_id, link_id);
	return pins_reason_give(
		ret_reason, -EBUSY,
		"%s: %s already runs an XDP program that is not of this edge: %s, id "
		"%u, attached by netlink; it is left alone (ip link set dev %s xdp off "
		"removes it)",
		target->key, target->name, name, prog_id, target->name);
}

/* Opens what a link of ours holds. */
static int take_link(struct work *work, const struct link *link)
{
	work->link_fd = fcntl(link->fd, F_DUPFD_CLOEXEC, 3);
	if (work->link_fd < 0)
		return -errno;
	work->link_id = link->id;
	work->old_prog_fd = bpf_prog_get_fd_by_id(link->prog_id);
	if (work->old_prog_fd < 0)
		return work->old_prog_fd;
	work->old_xsks_fd = attach_program_xsks(work->old_prog_fd);
	return 0;
}

/* Finds out what an interface has. Result: 0, or -errno and *ret_reason. */
static int survey(struct works *works, struct work *work, char **ret_reason)
{
	const struct attach_target *target = work->target;
	struct link_programs programs;
	int error = attach_link_programs(target->ifindex, &programs);

	for (unsigned int i = 0; i < ATTACH_LINK_NAMES && !error && work->link_fd < 0; i++)
		if (attach_link_is_on(&works->links[i], target->ifindex, &programs))
			error = take_link(work, &works->links[i]);
	if (error)
		return pins_reason_give(ret_reason, error, "%s: what %s runs cannot be learned: %s",
					target->key, target->name, strerror(-error));
	work->outcome.native = programs.native;
	for (unsigned int i = 0; i < 2; i++)
		if (programs.others[i])
			return refuse_foreign(target, programs.others[i], ret_reason);
	if (programs.prog_id && work->link_fd < 0)
		return refuse_foreign(target, programs.prog_id, ret_reason);
	return 0;
}

static int survey_all(struct works *works, char **ret_reason)
{
	const struct attach_plan *plan = works->plan;
	int error = 0;

	for (unsigned int i = 0; i < ATTACH_LINK_NAMES && !error; i++) {
		error = attach_link_open(plan->bpf_dir, attach_link_names[i], &works->links[i]);
		if (error)
			pins_reason_give(ret_reason, error, "%s/%s is not a link of sallyport: %s",
					 plan->bpf_dir, attach_link_names[i], strerror(-error));
	}
	for (unsigned int i = 0; i < plan->nr_targets && !error; i++)
		error = survey(works, &works->work[i], ret_reason);
	return error;
}

/* A program that was taken off leaves its sockets behind, in the map that is pinned. */
static void take_sockets(const struct attach_plan *plan, struct work *work)
{
	char path[PINS_PATH_SIZE];

	if (work->old_xsks_fd >= 0 || !plan->keep_sockets)
		return;
	work->old_xsks_fd = bpf_obj_get(pins_path(plan->bpf_dir, xsks_name(work->target), path));
}

static int load(const struct works *works, struct work *work, char **ret_reason)
{
	const struct program_world world = {
		.maps = works->plan->maps,
		.xsks_fd = work->old_xsks_fd,
		.pieces = work->pieces,
		.generic = works->generic,
	};

	return attach_program_load(work->target, &world, &work->program, ret_reason);
}

static bool found(const struct works *works, bool native)
{
	for (unsigned int i = 0; i < works->plan->nr_targets; i++)
		if (works->work[i].link_id && works->work[i].outcome.native == native)
			return true;
	return false;
}

/* The mode to begin with: that of links which are there cannot be changed. */
static bool begins_generic(const struct works *works)
{
	return works->plan->again ? works->plan->generic : found(works, false);
}

static int load_all(struct works *works, char **ret_reason)
{
	int error = 0;

	works->generic = begins_generic(works);
	for (unsigned int i = 0; i < works->plan->nr_targets && !error; i++) {
		struct work *work = &works->work[i];

		take_sockets(works->plan, work);
		/* A driver looks at the MTU when a program comes, not when one gives way to
		 * another. */
		work->pieces = work->old_prog_fd >= 0 && attach_program_pieces(work->old_prog_fd);
		error = load(works, work, ret_reason);
	}
	return error;
}

/* Makes a link, or renews the one that is there. Result: 0, or -errno and *ret_reason. */
static int put_in_force(struct work *work, bool native, char **ret_reason)
{
	const struct attach_target *target = work->target;
	int result;

	if (work->link_fd < 0) {
		result = attach_link_create(target, work->program.fd, native, ret_reason);
		if (result < 0)
			return result;
		work->link_fd = result;
		work->outcome.native = native;
		work->outcome.how = KERNEL_ATTACHED;
		return 0;
	}
	if (work->old_xsks_fd >= 0 && attach_program_same(work->old_prog_fd, work->program.fd)) {
		work->outcome.how = KERNEL_LINK_ADOPTED;
		return 0;
	}
	result = bpf_link_update(work->link_fd, work->program.fd, NULL);
	if (result)
		return pins_reason_give(ret_reason, result,
					"%s: the program on %s cannot be replaced: %s", target->key,
					target->name, strerror(-result));
	work->outcome.how = KERNEL_LINK_UPDATED;
	return 0;
}

/* A driver says only of a native program that is there what it takes from others. */
static int put_each(struct works *works, bool native, char **ret_reason)
{
	int error = 0;

	for (unsigned int i = 0; i < works->plan->nr_targets && !error; i++)
		error = put_in_force(&works->work[i], native, ret_reason);
	for (unsigned int i = 0; i < works->plan->nr_targets && !error && native; i++)
		if (works->work[i].outcome.how == KERNEL_ATTACHED)
			error = attach_link_judge(works->work[i].target, works->work[i].pieces,
						  ret_reason);
	return error;
}

static bool is_of_the_mode(int error)
{
	return error == -EOPNOTSUPP || error == -EINVAL || error == -ERANGE || error == -ENOSPC;
}

/* Takes off the native links that were made, and says why that was. */
static void take_back(struct works *works, const char *why)
{
	for (unsigned int i = 0; i < works->plan->nr_targets; i++) {
		struct work *work = &works->work[i];

		if (work->outcome.how == KERNEL_ATTACHED) {
			bpf_link_detach(work->link_fd);
			close_fd(&work->link_fd);
		}
		work->outcome.how = KERNEL_DETACHED;
		snprintf(work->outcome.why, sizeof(work->outcome.why), "%s", why ? why : "");
	}
}

/*
 * Tries once more with programs that take frames in pieces: only where it must be, since a veth
 * with such a one is also given what is merged to more than its MTU. Result: 0 or -errno.
 */
static int put_in_pieces(struct works *works)
{
	char *why = NULL;
	int error = 0;

	for (unsigned int i = 0; i < works->plan->nr_targets && !error; i++)
		if (!attach_link_takes_pieces(works->work[i].target))
			error = -EOPNOTSUPP;
	for (unsigned int i = 0; i < works->plan->nr_targets && !error; i++) {
		struct work *work = &works->work[i];

		attach_program_unload(&work->program);
		work->pieces = true;
		error = load(works, work, &why);
	}
	if (!error)
		error = put_each(works, true, &why);
	free(why);
	return error;
}

/* Result: 0, or -errno and *ret_reason. */
static int put_generic(struct works *works, char **ret_reason)
{
	int error = 0;

	works->generic = true;
	for (unsigned int i = 0; i < works->plan->nr_targets && !error; i++) {
		attach_program_unload(&works->work[i].program);
		error = load(works, &works->work[i], ret_reason);
	}
	return error ? error : put_each(works, false, ret_reason);
}

/*
 * A native program's packets reach only a device that takes them from a driver, and a generic
 * one's reach any: so all links have one mode.
 */
static int put_all(struct works *works, char **ret_reason)
{
	bool native = !works->generic;
	char *why = NULL;
	int error = put_each(works, native, &why);

	if (error && native && is_of_the_mode(error) && !found(works, true)) {
		take_back(works, NULL);
		if (!put_in_pieces(works)) {
			free(why);
			return 0;
		}
		take_back(works, why);
		if (!works->plan->again) {
			free(why);
			return put_generic(works, ret_reason);
		}
	}
	if (error) {
		free(*ret_reason);
		*ret_reason = why;
	}
	return error;
}

static uint32_t program_id(int fd)
{
	struct bpf_prog_info info = {0};
	__u32 bytes = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &bytes) ? 0 : info.id;
}

static uint32_t id_of(int fd, bool map)
{
	struct bpf_map_info map_info = {0};
	struct bpf_link_info link_info = {0};
	__u32 map_bytes = sizeof(map_info), link_bytes = sizeof(link_info);

	if (map)
		return bpf_obj_get_info_by_fd(fd, &map_info, &map_bytes) ? 0 : map_info.id;
	return bpf_obj_get_info_by_fd(fd, &link_info, &link_bytes) ? 0 : link_info.id;
}

/* Gives an object its name, unless it has it. */
static int name(const char *bpf_dir, const char *name, int fd, bool map)
{
	char path[PINS_PATH_SIZE];
	int pinned_fd = bpf_obj_get(pins_path(bpf_dir, name, path));
	bool same = pinned_fd >= 0 && id_of(pinned_fd, map) == id_of(fd, map);

	close_fd(&pinned_fd);
	return same ? 0 : pins_put(bpf_dir, name, fd);
}

static int pin(const struct attach_plan *plan, struct work *work, char **ret_reason)
{
	bool adopted = work->outcome.how == KERNEL_LINK_ADOPTED;
	int error;

	work->pinned = true;
	error = name(plan->bpf_dir, xsks_name(work->target),
		     adopted ? work->old_xsks_fd : work->program.xsks_fd, true);
	if (!error)
		error = name(plan->bpf_dir, attach_link_name(work->target), work->link_fd, false);
	if (error)
		return pins_reason_give(ret_reason, error, "cannot pin the link of %s below %s: %s",
					work->target->name, plan->bpf_dir, strerror(-error));
	return 0;
}

/* Result: whether a link of that name is this plan's to end. */
static bool concerns(const struct attach_plan *plan, const char *name)
{
	const char *own = attach_link_name(&plan->targets[0]);

	return !plan->again || strncmp(name, own, strlen(own)) == 0;
}

static bool in_use(const struct works *works, const struct link *link)
{
	for (unsigned int i = 0; i < works->plan->nr_targets; i++)
		if (works->work[i].link_id == link->id)
			return true;
	return false;
}

/*
 * Ends the links that this plan has no use for, and removes their names. They are taken off here
 * and now: what merely loses its name goes some time later, and would meanwhile be taken for
 * somebody else's by the next start.
 */
static void tidy(const struct works *works)
{
	const char *bpf_dir = works->plan->bpf_dir;
	bool builds = false;

	for (unsigned int i = 0; i < ATTACH_LINK_NAMES; i++)
		if (works->links[i].fd >= 0 && concerns(works->plan, attach_link_names[i]) &&
		    !in_use(works, &works->links[i]))
			bpf_link_detach(works->links[i].fd);
	if (works->plan->again)
		return;
	for (unsigned int i = 0; i < works->plan->nr_targets; i++)
		builds |= works->plan->targets[i].role == SP_ROLE_BUILDS;
	if (!builds) {
		pins_unlink(bpf_dir, PINS_LINK_BUILDS);
		pins_unlink(bpf_dir, PINS_XSKS_BUILDS);
	}
	pins_unlink(bpf_dir, PINS_LINK_PUBLIC PINS_NEXT_OF);
	pins_unlink(bpf_dir, PINS_LINK_BUILDS PINS_NEXT_OF);
	pins_unlink(bpf_dir, PINS_XSKS_PUBLIC PINS_NEXT_OF);
	pins_unlink(bpf_dir, PINS_XSKS_BUILDS PINS_NEXT_OF);
}

static void undo(const struct attach_plan *plan, struct work *work)
{
	if (work->outcome.how == KERNEL_LINK_UPDATED)
		bpf_link_update(work->link_fd, work->old_prog_fd, NULL);
	if (work->outcome.how == KERNEL_ATTACHED && work->pinned) {
		bpf_link_detach(work->link_fd);
		pins_unlink(plan->bpf_dir, attach_link_name(work->target));
		pins_unlink(plan->bpf_dir, xsks_name(work->target));
	}
}

static void open_works(struct works *works, const struct attach_plan *plan)
{
	memset(works, 0, sizeof(*works));
	works->plan = plan;
	for (unsigned int i = 0; i < ATTACH_LINK_NAMES; i++)
		works->links[i].fd = -1;
	for (unsigned int i = 0; i < plan->nr_targets; i++) {
		works->work[i].target = &plan->targets[i];
		works->work[i].link_fd = -1;
		works->work[i].old_prog_fd = -1;
		works->work[i].old_xsks_fd = -1;
	}
}

/* A link of ours that has no name goes with its descriptor, and takes its program along. */
static void close_works(struct works *works)
{
	for (unsigned int i = 0; i < ATTACH_LINK_NAMES; i++)
		close_fd(&works->links[i].fd);
	for (unsigned int i = 0; i < works->plan->nr_targets; i++) {
		struct work *work = &works->work[i];

		attach_program_unload(&work->program);
		close_fd(&work->link_fd);
		close_fd(&work->old_prog_fd);
		close_fd(&work->old_xsks_fd);
	}
}

int attach_all(const struct attach_plan *plan, struct attach_outcome *ret_outcomes,
	       char **ret_reason)
{
	struct works works;
	int error;

	open_works(&works, plan);
	error = survey_all(&works, ret_reason);
	if (error)
		goto close;
	error = load_all(&works, ret_reason);
	if (error)
		goto close;
	error = put_all(&works, ret_reason);
	for (unsigned int i = 0; i < plan->nr_targets && !error; i++)
		error = pin(plan, &works.work[i], ret_reason);
	if (error) {
		for (unsigned int i = plan->nr_targets; i-- > 0;)
			undo(plan, &works.work[i]);
		goto close;
	}
	tidy(&works);
	for (unsigned int i = 0; i < plan->nr_targets; i++) {
		struct work *work = &works.work[i];

		work->outcome.prog_id =
			program_id(work->outcome.how == KERNEL_LINK_ADOPTED ? work->old_prog_fd
									    : work->program.fd);
		ret_outcomes[i] = work->outcome;
	}
close:
	close_works(&works);
	return error;
}

int attach_again(const struct attach_plan *plan, unsigned int target, bool same_device,
		 struct attach_outcome *ret_outcome, char **ret_reason)
{
	const struct attach_plan one = {
		.bpf_dir = plan->bpf_dir,
		.maps = plan->maps,
		.targets[0] = plan->targets[target],
		.nr_targets = 1,
		.again = true,
		.generic = !ret_outcome->native,
		.keep_sockets = same_device,
	};

	return attach_all(&one, ret_outcome, ret_reason);
}
