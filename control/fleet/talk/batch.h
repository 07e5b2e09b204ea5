/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many records at once: this edge's sallyportd makes what is new and plain of them in one
 * transaction, or cancels, or nothing. What else a record may say is for apply.h.
 */
#pragma once

#include <stdbool.h>

#include <jansson.h>

struct record;
struct talk_local;
struct transfer;
struct transfer_end;

struct talk_batch {
	json_t *builds, *cancel; /* arrays */
};

/* Result: 0 or -ENOMEM; to be cleared in any case. */
int talk_batch_init(struct talk_batch *batch);
void talk_batch_clear(struct talk_batch *batch);

/* Result: whether a record says no more than a batch can. */
bool talk_batch_suits(const struct record *record);

/* Adds one that suits. Result: 0 or -ENOMEM. */
int talk_batch_add(struct talk_batch *batch, const struct record *record);

struct talk_batch_call {
	bool dry_run;
	void (*done)(void *context, const struct transfer_end *end);
	void *context;
};

/* Result: as talk_local_ask(). */
int talk_batch_send(const struct talk_batch *batch, const struct talk_local *local,
		    const struct talk_batch_call *call, struct transfer **ret_transfer);

/* What sallyportd said of a batch. */
struct talk_batch_answer {
	json_t *object; /* to be released */
	bool made;	/* all of it */
	bool ended;	/* some of its builds had ended: which, it does not say */
};

struct talk_batch_answer talk_batch_read(const struct transfer_end *end);

/* Result: the place among the batch's builds that an error of an answer points to; -1: none. */
int talk_batch_place(const json_t *error, const char **ret_rest);
