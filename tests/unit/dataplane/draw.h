/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random routing: commands for ip -batch that fill a network namespace with three links (pub, bld
 * and oth, each with a peer) with rules, next hop objects and routes of all kinds, and that change
 * it afterwards; and random packets, mostly to and from where those lead.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include <sallyport/parse.h>

struct draw {
	uint64_t state;
};

uint32_t draw_below(struct draw *draw, uint32_t bound);

/*
 * Writes commands for ip -6, then for ip, then for ip -6 again. Some must fail: they are to be
 * called with -force.
 */
void draw_links(struct draw *draw, FILE *out[3]);
void draw_tables(struct draw *draw, FILE *out[3]);
void draw_changes(struct draw *draw, FILE *out[3]);

void draw_packet(struct draw *draw, uint8_t family, struct sp_tuple *ret);
