/* SPDX-License-Identifier: BSD-3-Clause */
#include "runner/vms.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define NR_HEADS 4096

LIST_HEAD(vm_list, vm);

struct vms {
	unsigned int nr;
	uint64_t seed; /* nobody chooses his head */
	struct vm_list head[NR_HEADS];
};

struct vms *runner_vms_new(void)
{
	struct vms *vms = calloc(1, sizeof(*vms));

	if (vms && getrandom(&vms->seed, sizeof(vms->seed), 0) != sizeof(vms->seed)) {
		free(vms);
		return NULL;
	}
	return vms;
}

static void forget(struct vms *vms, struct vm *vm)
{
	LIST_REMOVE(vm, link);
	vms->nr--;
	free(vm);
}

static bool is_idle(const struct vm *vm, uint64_t now_ns)
{
	return !vm->id[0] && vm->requests.used_until_ns <= now_ns &&
	       vm->sessions.used_until_ns <= now_ns;
}

/* Forgets those that are idle then. */
static void forget_by(struct vms *vms, uint64_t now_ns, bool all)
{
	for (unsigned int i = 0; i < NR_HEADS; i++) {
		struct vm *vm = LIST_FIRST(&vms->head[i]);

		while (vm) {
			struct vm *next = LIST_NEXT(vm, link);

			if (all || is_idle(vm, now_ns))
				forget(vms, vm);
			vm = next;
		}
	}
}

void runner_vms_free(struct vms *vms)
{
	if (!vms)
		return;
	forget_by(vms, 0, true);
	free(vms);
}

void runner_vms_forget_idle(struct vms *vms, uint64_t now_ns)
{
	forget_by(vms, now_ns, false);
}

struct vm *runner_vms_find(struct vms *vms, const struct sp_addr *addr)
{
	struct vm_list *list = &vms->head[sp_addr_hash(addr, vms->seed) % NR_HEADS];
	struct vm *vm;

	LIST_FOREACH (vm, list, link)
		if (memcmp(&vm->addr, addr, sizeof(*addr)) == 0)
			return vm;
	vm = vms->nr < RUNNER_VMS_MAX ? calloc(1, sizeof(*vm)) : NULL;
	if (!vm)
		return NULL;
	vm->addr = *addr;
	LIST_INSERT_HEAD(list, vm, link);
	vms->nr++;
	return vm;
}

void runner_vms_each(struct vms *vms, void (*visit)(void *context, struct vm *vm), void *context)
{
	struct vm *vm;

	for (unsigned int i = 0; i < NR_HEADS; i++)
		LIST_FOREACH (vm, &vms->head[i], link)
			visit(context, vm);
}

unsigned int runner_vms_count_sessions(const struct vms *vms)
{
	const struct vm *vm;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < NR_HEADS; i++)
		LIST_FOREACH (vm, &vms->head[i], link)
			nr += vm->id[0] != '\0';
	return nr;
}

bool runner_vms_take(struct bucket *bucket, const struct allowance *allowance, uint64_t now_ns)
{
	uint64_t from_ns = bucket->used_until_ns > now_ns ? bucket->used_until_ns : now_ns;

	if (from_ns - now_ns > (allowance->burst - 1) * allowance->each_ns)
		return false;
	bucket->used_until_ns = from_ns + allowance->each_ns;
	return true;
}

void runner_vms_give_back(struct bucket *bucket, const struct allowance *allowance)
{
	bucket->used_until_ns -= allowance->each_ns;
}
