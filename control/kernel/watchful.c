// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/watchful.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/compiler.h>

#include "host/boottime.h"
#include "kernel/attach/look.h"

/*
 * A link that is detached is told by no notice, so the kernel is asked that often. Meanwhile the
 * host's own TCP resets whoever sends to a lease's port, so it is not asked more rarely.
 */
#define LOOK_NS 100000000ULL

static const char *name_of(const struct watchful_site *site, unsigned int i)
{
	return site->plan->targets[i].name;
}

static void write_detached(const struct watchful *watchful, const struct watchful_site *site)
{
	uint32_t detached = 0;

	for (unsigned int i = 0; i < site->plan->nr_targets; i++)
		if (watchful->desired[i].problem != DESIRED_WELL)
			detached |= site->plan->targets[i].role;
	SP_STORE(site->settings->detached, detached);
}

void kernel_watchful_begin(struct watchful *watchful, const struct watchful_site *site,
			   uint64_t now_ns)
{
	memset(watchful, 0, sizeof(*watchful));
	for (unsigned int i = 0; i < site->plan->nr_targets; i++)
		watchful->desired[i].wanted_prog_id = site->outcomes[i].prog_id;
	watchful->next_look_ns = now_ns + LOOK_NS;
	write_detached(watchful, site);
}

void kernel_watchful_made_anew(struct watchful *watchful, unsigned int target)
{
	watchful->made_anew[target] = true;
}

void kernel_watchful_hurry(struct watchful *watchful, unsigned int target, uint64_t now_ns)
{
	if (!watchful->next_look_ns)
		return;
	attach_desired_hurry(&watchful->desired[target], now_ns);
	watchful->next_look_ns = now_ns;
}

/* Result: whether the program was put back. */
static bool put_back(struct watchful *watchful, const struct watchful_site *site, unsigned int i,
		     uint64_t now_ns)
{
	struct desired *desired = &watchful->desired[i];
	char *reason = NULL, *failed = watchful->failed[i];
	int error =
		attach_again(site->plan, i, !watchful->made_anew[i], &site->outcomes[i], &reason);

	if (!error) {
		watchful->made_anew[i] = false;
		desired->wanted_prog_id = site->outcomes[i].prog_id;
		*failed = '\0';
		return true;
	}
	attach_desired_failed(desired, now_ns);
	if (!reason || strcmp(failed, reason) != 0) {
		snprintf(failed, KERNEL_SENTENCE_SIZE, "%s", reason ? reason : strerror(-error));
		kernel_changes_add(site->changes, KERNEL_CHANGE_FAILED, 0, "%s", failed);
	}
	free(reason);
	return false;
}

static void tell(struct watchful *watchful, const struct watchful_site *site, unsigned int i,
		 enum desired_problem before, uint64_t now_ns)
{
	const struct desired *desired = &watchful->desired[i];

	if (desired->problem == before)
		return;
	if (desired->problem == DESIRED_WELL) {
		watchful->restored++;
		*watchful->failed[i] = '\0';
		kernel_changes_add(site->changes, KERNEL_CHANGE_RESTORED,
				   (now_ns - desired->since_ns) / NS_PER_MS,
				   "%s has its XDP program again, %s", name_of(site, i),
				   site->outcomes[i].native ? "native" : "generic");
		return;
	}
	watchful->lost += before == DESIRED_WELL;
	/* On the way back: an attempt that fails says so itself. */
	if (before != DESIRED_WELL && desired->problem == DESIRED_NO_PROGRAM)
		return;
	kernel_changes_add(site->changes, KERNEL_CHANGE_LOST, 0, "%s %s", name_of(site, i),
			   attach_desired_text(desired->problem));
}

/* Result: whether a program was put there. */
static bool look_at(struct watchful *watchful, const struct watchful_site *site, unsigned int i,
		    uint64_t now_ns)
{
	struct desired *desired = &watchful->desired[i];
	enum desired_problem before = desired->problem;
	struct desired_seen seen;
	bool attached = false;

	/* What cannot be learned now says nothing. */
	if (attach_look_seen(site->plan->bpf_dir, &site->plan->targets[i], &seen))
		return false;
	if (attach_desired_look(desired, &seen, now_ns) == DESIRED_ATTACH) {
		tell(watchful, site, i, before, now_ns);
		write_detached(watchful, site);
		before = desired->problem;
		attached = put_back(watchful, site, i, now_ns);
		now_ns = boottime_now_ns();
		if (attached &&
		    !attach_look_seen(site->plan->bpf_dir, &site->plan->targets[i], &seen))
			attach_desired_look(desired, &seen, now_ns);
	}
	tell(watchful, site, i, before, now_ns);
	return attached;
}

static uint64_t next_look_ns(const struct watchful *watchful, const struct watchful_site *site,
			     uint64_t now_ns)
{
	uint64_t next_ns = now_ns + LOOK_NS;

	for (unsigned int i = 0; i < site->plan->nr_targets; i++) {
		const struct desired *desired = &watchful->desired[i];

		if (desired->problem != DESIRED_WELL && desired->next_try_ns > now_ns &&
		    desired->next_try_ns < next_ns)
			next_ns = desired->next_try_ns;
	}
	return next_ns;
}

void kernel_watchful_describe(const struct watchful *watchful, unsigned int target,
			      const char *name, char ret[KERNEL_SENTENCE_SIZE])
{
	enum desired_problem problem = watchful->desired[target].problem;
	const char *failed = watchful->failed[target];

	*ret = '\0';
	if (problem != DESIRED_WELL)
		snprintf(ret, KERNEL_SENTENCE_SIZE, "%s %s%s%.150s", name,
			 attach_desired_text(problem), *failed ? ": " : "", failed);
}

uint64_t kernel_watchful_expire(struct watchful *watchful, const struct watchful_site *site,
				uint64_t now_ns, bool *ret_attached)
{
	*ret_attached = false;
	if (!watchful->next_look_ns)
		return UINT64_MAX;
	if (now_ns < watchful->next_look_ns)
		return watchful->next_look_ns;
	for (unsigned int i = 0; i < site->plan->nr_targets; i++)
		*ret_attached |= look_at(watchful, site, i, now_ns);
	write_detached(watchful, site);
	watchful->next_look_ns = next_look_ns(watchful, site, boottime_now_ns());
	return watchful->next_look_ns;
}
