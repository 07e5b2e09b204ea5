/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries of endpoints, put where they seldom come to lie. */
#pragma once

#include <sallyport/table.h>

/* Puts an entry before all others of a bucket that is not full. */
void buckets_put_first(struct sp_bucket *bucket, __u64 entry);

/* Takes an entry, if it is there, to another bucket, unless that is full. */
void buckets_move(struct sp_bucket *bucket, struct sp_bucket *other, __u64 entry);
