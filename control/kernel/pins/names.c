// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/pins/names.h"

const char *pins_names_origin_name(enum kernel_origin origin)
{
	static const char *const names[] = {
		[KERNEL_CREATED] = "created",
		[KERNEL_ADOPTED] = "adopted",
		[KERNEL_REPLACED] = "replaced",
	};

	return names[origin];
}

const char *pins_names_attachment_name(enum kernel_attachment attachment)
{
	static const char *const names[] = {
		[KERNEL_DETACHED] = "none",
		[KERNEL_ATTACHED] = "attached",
		[KERNEL_LINK_ADOPTED] = "adopted",
		[KERNEL_LINK_UPDATED] = "updated",
	};

	return names[attachment];
}

const char *pins_names_vm_state_name(enum kernel_vm_state state)
{
	static const char *const names[] = {
		[KERNEL_VM_UNKNOWN] = "unknown",       [KERNEL_VM_UNROUTED] = "unrouted",
		[KERNEL_VM_RESOLVING] = "resolving",   [KERNEL_VM_RESOLVED] = "resolved",
		[KERNEL_VM_UNANSWERED] = "unanswered",
	};

	return names[state];
}
