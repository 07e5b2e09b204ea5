/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Which packets prepare.bpf.c makes; constants to it. */
#pragma once

#include <linux/types.h>

#include <sallyport/table.h>

struct prepared {
	struct sp_addr from; /* toward clients: of the first of the VMs that share the leases */
	struct sp_addr to;
	__u32 family; /* 4 or 6 */
	__u32 to_vm;
	__u32 port; /* of the first lease: the public one, or the VM's */
	__u32 nr_leases;
	__u32 nr_vms;
};
