/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/blocks.h"

#include <stdlib.h>

struct json_block {
	struct json_block *next;
	max_align_t data[];
};

void *json_blocks_allocate(struct json_block **blocks, size_t nr, size_t size)
{
	struct json_block *block = calloc(1, sizeof(*block) + nr * size);

	if (!block)
		return NULL;
	block->next = *blocks;
	*blocks = block;
	return block->data;
}

void json_blocks_free(struct json_block **blocks)
{
	while (*blocks) {
		struct json_block *block = *blocks;

		*blocks = block->next;
		free(block);
	}
}
