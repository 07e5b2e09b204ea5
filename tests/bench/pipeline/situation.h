/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker is measured in: which packets it gets, and what stands in its table. */
#pragma once

#include <stdint.h>

#include <sallyport/table.h>

struct situation {
	const char *name;
	uint8_t family;
	uint8_t ip_protocol;
	enum sp_direction direction;
	uint32_t nr_publics;
	uint32_t nr_leases;
	uint32_t nr_flows;
	uint32_t ports_a_vm;
	uint32_t frame_bytes;
	uint32_t nr_prefixes; /* of the allow-list that every lease has; 0: it has none */
	uint8_t limited;      /* limits of SYNs are on */
	uint8_t captured;     /* the first lease is */
	uint8_t own;	      /* each lease has an address of its own, of a prefix */
	uint8_t hinted;	      /* the XDP program's hint lies before each packet */
};

/* One lease: a public port and where it leads. */
struct place {
	uint32_t public_index;
	uint16_t slot_number;
	struct sp_addr public_addr;
	struct sp_addr vm_addr;
	uint16_t public_port;
	uint16_t vm_port;
};

/* The situations, in the order in which they are told; the last one's name is NULL. */
extern const struct situation situations[];

/* Result: the one of that name, or NULL. */
const struct situation *situation_of(const char *name);

/* Result: lease i of a situation, i < nr_leases. */
struct place situation_place(const struct situation *situation, uint32_t i);

/* Result: a public address, index < nr_publics. */
struct sp_addr situation_public(const struct situation *situation, uint32_t index);
