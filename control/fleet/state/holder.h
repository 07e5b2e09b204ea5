/* SPDX-License-Identifier: BSD-3-Clause */
/* Who has a port of a VM that somebody else asked for. */
#pragma once

struct etcd_kv;
struct fleet;
struct problem_holder;

/* Fills *ret_holder by the key of that port in the store, and by what is known of its build. */
void state_holder_find(const struct fleet *fleet, const struct etcd_kv *kv,
		       struct problem_holder *ret_holder);
