/* SPDX-License-Identifier: BSD-3-Clause */
#include "hop/internal.h"

#include <string.h>
#include <sys/socket.h>

#include <sallyport/addr.h>

#define V4_DEPTH 96 /* of ::ffff:0:0 */

/* Rules keep what stands behind their prefix, too. */
static void clear_behind(struct mirror_prefix *prefix)
{
	uint8_t *bytes = (uint8_t *)&prefix->addr, whole = prefix->depth / 8;

	if (prefix->depth == 128)
		return;
	bytes[whole] &= (uint8_t)(0xff00 >> prefix->depth % 8);
	memset(&bytes[whole + 1], 0, sizeof(prefix->addr) - whole - 1u);
}

bool mirror_prefix_read(int family, uint8_t depth, const struct nlattr *attr,
			struct mirror_prefix *ret)
{
	struct mirror_prefix prefix = {.depth = depth};

	if (family == AF_INET) {
		prefix.addr = sp_addr_from_v4(0);
		prefix.depth = V4_DEPTH + depth;
	}
	if (prefix.depth > 128 || (attr && !mirror_addr(attr, &prefix.addr)))
		return false;
	clear_behind(&prefix);
	*ret = prefix;
	return true;
}

bool mirror_prefix_covers(const struct mirror_prefix *prefix, const struct mirror_prefix *other)
{
	const uint8_t *a = (const uint8_t *)&prefix->addr, *b = (const uint8_t *)&other->addr;
	uint8_t bytes = prefix->depth / 8, bits = prefix->depth % 8;

	if (prefix->depth > other->depth || memcmp(a, b, bytes) != 0)
		return false;
	return bits == 0 || ((a[bytes] ^ b[bytes]) >> (8 - bits)) == 0;
}

int mirror_prefix_compare(const struct mirror_prefix *a, const struct mirror_prefix *b)
{
	int r = memcmp(&a->addr, &b->addr, sizeof(a->addr));

	return r ? r : a->depth - b->depth;
}
