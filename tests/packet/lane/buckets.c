// SPDX-License-Identifier: BSD-3-Clause
#include "lane/buckets.h"

#include <stdint.h>
#include <string.h>

void buckets_put_first(struct sp_bucket *bucket, __u64 entry)
{
	if (bucket->entry[SP_BUCKET_ENTRIES - 1])
		return;
	memmove(&bucket->entry[1], &bucket->entry[0], sizeof(*bucket) - sizeof(bucket->entry[0]));
	bucket->entry[0] = entry;
}

void buckets_move(struct sp_bucket *bucket, struct sp_bucket *other, __u64 entry)
{
	for (uint32_t i = 0; i < SP_BUCKET_ENTRIES; i++) {
		if (bucket->entry[i] != entry || other->entry[SP_BUCKET_ENTRIES - 1])
			continue;
		bucket->entry[i] = 0;
		buckets_put_first(other, entry);
	}
}
