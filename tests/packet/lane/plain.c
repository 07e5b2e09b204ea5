// SPDX-License-Identifier: BSD-3-Clause
#include "lane/plain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "checksums.h"

void plain_frame(const struct sp_slot *slot, enum sp_direction direction, __u8 ip_protocol,
		 struct frame *ret)
{
	bool is_v4 = slot->family == 4;
	uint8_t *ip = ret->bytes + 14, *l4 = ip + (is_v4 ? 20 : 40);
	uint8_t l4_bytes = ip_protocol == 6 ? 32 : 20;
	struct sp_addr client;

	if (fixture_parse_addr(is_v4 ? "198.51.100.9" : "2001:db8:c::9", &client))
		abort();
	memset(ret, 0, sizeof(*ret));
	ret->bytes[0] = 2;
	ret->bytes[12] = is_v4 ? 0x08 : 0x86;
	ret->bytes[13] = is_v4 ? 0x00 : 0xdd;
	ip[0] = is_v4 ? 0x45 : 0x60;
	ip[is_v4 ? 3 : 5] = (is_v4 ? 20 : 0) + l4_bytes;
	ip[is_v4 ? 9 : 6] = ip_protocol;
	ip[is_v4 ? 8 : 7] = 64;
	for (int end = 0; end < 2; end++) {
		bool at_client = (end == 0) == (direction == SP_TOWARD_VM);
		bool at_vm = !at_client && direction == SP_TOWARD_CLIENT;
		const struct sp_addr *addr = at_client ? &client
					     : at_vm   ? &slot->vm_addr
						       : &slot->public_addr;
		__be16 port_be = at_client ? SP_BE16(40000)
				 : at_vm   ? slot->vm_port_be
					   : slot->public_port_be;

		if (is_v4)
			memcpy(ip + 12 + 4 * end, &addr->word_be[3], 4);
		else
			memcpy(ip + 8 + 16 * end, addr, 16);
		memcpy(l4 + 2 * end, &port_be, 2);
	}
	if (ip_protocol == 6) {
		l4[12] = 0x50;
		l4[13] = 0x10;
	} else {
		l4[5] = l4_bytes;
	}
	ret->len_bytes = 14 + (is_v4 ? 20 : 40) + l4_bytes;
	checksums_set(ret->bytes, ret->len_bytes);
}
