/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What has changed among the builds since somebody looked last, so that a page that is open need
 * not be told of all of them again. One board serves everybody; it is looked after bit by bit, by
 * those who ask, and costs nothing while nobody does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Of how many builds one look makes sure. */
#define PAGE_BOARD_STEP 2048u
/* Between one round over all builds and the next. */
#define PAGE_BOARD_ROUND_NS 400000000ULL

struct edge;
struct page_board;

/* A build as it was when it was looked at last. */
struct page_card {
	uint64_t serial;
	uint64_t revision; /* 0: it is forgotten */
	uint64_t tick;	   /* of the look that saw it change */
};

struct page_board *page_board_new(void); /* NULL without memory */
void page_board_free(struct page_board *board);

/*
 * Goes on with the round over the builds, or begins another when it is time. Result: 0 once a round
 * is complete, -EAGAIN while there is more of it, -ENOMEM.
 */
int page_board_look(struct page_board *board, const struct edge *edge, uint64_t now_ns);

/* Result: the number of the latest look; what changes later has a higher one. */
uint64_t page_board_tick(const struct page_board *board);

/* Result: whether who knows all changes until that look can be told the rest. */
bool page_board_knows(const struct page_board *board, uint64_t tick);

/*
 * Result: the first card behind that serial that changed after that look, NULL for none; those
 * forgotten are left out for who knows nothing yet (since 0). Good until the next look.
 */
const struct page_card *page_board_next(const struct page_board *board, uint64_t since,
					uint64_t after);
