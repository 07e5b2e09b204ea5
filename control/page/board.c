/* SPDX-License-Identifier: BSD-3-Clause */
#include "page/board.h"

#include <errno.h>
#include <stdlib.h>

#include "edge/edge.h"

#define CARDS_MIN 1024u

struct page_board {
	struct page_card *card; /* by serial; those forgotten stay until half of them are such */
	uint32_t nr_cards, nr_room, nr_forgotten;
	uint32_t cursor;	 /* of the round: the first card that it has not come to */
	uint64_t after;		 /* of the round: the last serial that it has come to */
	uint64_t round_began_ns; /* 0: none has */
	bool in_round;
	uint64_t tick;
	uint64_t horizon; /* cards forgotten until this look are gone */
};

struct page_board *page_board_new(void)
{
	return calloc(1, sizeof(struct page_board));
}

void page_board_free(struct page_board *board)
{
	if (board)
		free(board->card);
	free(board);
}

uint64_t page_board_tick(const struct page_board *board)
{
	return board->tick;
}

bool page_board_knows(const struct page_board *board, uint64_t tick)
{
	return tick <= board->tick && (tick == 0 || tick >= board->horizon);
}

/* Result: the first card behind that serial. */
static uint32_t card_behind(const struct page_board *board, uint64_t serial)
{
	uint32_t low = 0, high = board->nr_cards;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (board->card[middle].serial <= serial)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct page_card *page_board_next(const struct page_board *board, uint64_t since,
					uint64_t after)
{
	for (uint32_t i = card_behind(board, after); i < board->nr_cards; i++) {
		const struct page_card *card = &board->card[i];

		if (card->tick > since && (since > 0 || card->revision > 0))
			return card;
	}
	return NULL;
}

/* Marks the cards up to that serial that the round has not met. */
static void forget_before(struct page_board *board, uint64_t serial)
{
	for (; board->cursor < board->nr_cards; board->cursor++) {
		struct page_card *card = &board->card[board->cursor];

		if (card->serial >= serial)
			return;
		if (card->revision == 0)
			continue;
		card->revision = 0;
		card->tick = board->tick;
		board->nr_forgotten++;
	}
}

static int add_card(struct page_board *board, const struct build *build)
{
	uint32_t room = board->nr_room ? board->nr_room + board->nr_room / 2 : CARDS_MIN;
	struct page_card *card;

	if (board->nr_cards == board->nr_room) {
		card = reallocarray(board->card, room, sizeof(*card));
		if (!card)
			return -ENOMEM;
		board->card = card;
		board->nr_room = room;
	}
	board->card[board->nr_cards++] =
		(struct page_card){build->serial, build->revision, board->tick};
	board->cursor = board->nr_cards;
	return 0;
}

/* Serials only rise: a build without a card is behind all that have one. */
static int meet(struct page_board *board, const struct build *build)
{
	struct page_card *card;

	forget_before(board, build->serial);
	if (board->cursor == board->nr_cards)
		return add_card(board, build);
	card = &board->card[board->cursor++];
	if (card->revision != build->revision) {
		card->revision = build->revision;
		card->tick = board->tick;
	}
	return 0;
}

static void drop_forgotten(struct page_board *board)
{
	uint32_t kept = 0;

	if (board->nr_forgotten * 2 <= board->nr_cards)
		return;
	for (uint32_t i = 0; i < board->nr_cards; i++)
		if (board->card[i].revision > 0)
			board->card[kept++] = board->card[i];
	board->nr_cards = kept;
	board->nr_forgotten = 0;
	board->horizon = board->tick;
}

int page_board_look(struct page_board *board, const struct edge *edge, uint64_t now_ns)
{
	const struct build *build;

	if (!board->in_round && board->round_began_ns &&
	    now_ns - board->round_began_ns < PAGE_BOARD_ROUND_NS)
		return 0;
	if (!board->in_round) {
		board->in_round = true;
		board->round_began_ns = now_ns;
		board->cursor = 0;
		board->after = 0;
	}
	board->tick++;
	for (unsigned int i = 0; i < PAGE_BOARD_STEP; i++) {
		build = edge_after(edge, board->after);
		if (!build)
			break;
		if (meet(board, build) < 0)
			return -ENOMEM;
		board->after = build->serial;
	}
	if (edge_after(edge, board->after))
		return -EAGAIN;
	forget_before(board, UINT64_MAX);
	board->in_round = false;
	drop_forgotten(board);
	return 0;
}
