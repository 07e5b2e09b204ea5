/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of a document, freed with it. */
#pragma once

#include <stddef.h>

struct json_block;

/* Adds a zeroed block to the list. Result: NULL without memory. */
void *json_blocks_allocate(struct json_block **blocks, size_t nr, size_t size);
void json_blocks_free(struct json_block **blocks);
