/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The maps of the table: adopted where they are pinned, or made beside that place and put there
 * once the programs use them. A table that does not fit the config or this version of the ABI is
 * never read, only replaced: all it holds can be published again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

#include "host/table_map.h"
#include "kernel/pins/names.h"

struct config;
struct kernel_kept;

#define MAPS_DIR_SIZE 256

struct maps {
	enum kernel_origin origin;
	bool committed;
	char bpf_dir[MAPS_DIR_SIZE];
	int fds[TABLE_PARTS]; /* -1: not open */
	int retiring_fd;      /* meta of the table to be replaced, or -1 */
	struct table_map *table;
	struct table_layout layout[TABLE_PARTS]; /* as wanted */
};

/*
 * Result: the sizes that a config and what is kept ask for; hash_seed is 0. What is kept counts by
 * powers of two, so that a table serves on when some of it has gone. Pure but for the number of
 * CPUs.
 */
struct sp_meta attach_maps_sizes(const struct config *config, const struct kernel_kept *kept);

/* Result: whether the table with these sizes can serve where those are wanted. */
bool attach_maps_fit(const struct sp_meta *have, const struct sp_meta *want);

/*
 * Adopts the pinned table or makes one, with meta written and all else zero. Result: 0, and *maps
 * to be closed by attach_maps_close(); or -errno and *ret_reason, a sentence, with nothing left
 * behind.
 */
int attach_maps_open(const struct config *config, const struct kernel_kept *kept, struct maps *maps,
		     char **ret_reason);

/*
 * The programs use these maps now: gives them their names, and tells whoever maps the table that
 * had them before. Result: 0 or -errno and *ret_reason.
 */
int attach_maps_commit(struct maps *maps, char **ret_reason);

/* Unmaps and closes; maps that were made but never committed are unpinned. */
void attach_maps_close(struct maps *maps);

/*
 * Unpins every map of a table below bpf_dir, also of one half made. Result: 0, -EEXIST if what is
 * pinned there is not a table of sallyport, or -errno.
 */
int attach_maps_remove(const char *bpf_dir);
