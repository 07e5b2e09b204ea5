/* SPDX-License-Identifier: BSD-3-Clause */
/* Public addresses that share a name are a pool: a build says from which one a port shall come. */
#pragma once

#include <stdbool.h>

struct model_settings;

#define POOL_DEFAULT "default"

/* Result: the first public address of that pool and family (4, 6; 0 for any), or -ENOENT. */
int model_pools_find(const struct model_settings *settings, const char *pool, unsigned int family);

/* Result: the pool that a public address belongs to, NULL for an address that is none any more. */
const char *model_pools_name(const struct model_settings *settings, unsigned int public_index);

/* Result: whether no earlier address is of the same pool: for visiting each pool once. */
bool model_pools_is_first(const struct model_settings *settings, unsigned int public_index);
