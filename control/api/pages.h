/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The status page: who may ask, how much of sallyportd's time all who ask may have, and what goes
 * with each answer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "host/config.h"

struct api_call;
struct page_board;

/* As many nanoseconds of each second go to the page at most, on the whole. */
#define API_PAGES_SHARE 200000000ULL

struct api_pages {
	bool on;
	char hosts[CONFIG_HOSTS_MAX][CONFIG_HOST_SIZE];
	unsigned int nr_hosts;
	struct page_board *board;
	int64_t credit_ns; /* of time to spend, overdrawn if negative, as it was at */
	uint64_t credit_at_ns;
	char *status; /* made once for all who ask within a moment; NULL: not yet */
	uint64_t status_at_ns;
	json_t *events; /* the latest, NULL: not read yet */
	uint64_t events_seq;
};

/* Result: what config says of the page; NULL without memory. */
struct api_pages *api_pages_new(const struct config *config);

/* NULL is allowed. */
void api_pages_free(struct api_pages *pages);

/* Goes by another config. */
void api_pages_reload(struct api_pages *pages, const struct config *config);

/* Result: whether a browser that was led here by its user asks; otherwise the call is answered. */
bool api_pages_check(struct api_call *call);

/* Result: whether there is time left for a call; otherwise it is answered. */
bool api_pages_begin(struct api_call *call, uint64_t *ret_began_ns);
void api_pages_end(struct api_pages *pages, uint64_t began_ns);

/* Answers with a copy of data, and the headers that keep browsers from more than showing it. */
void api_pages_reply(struct api_call *call, unsigned int status, const char *media_type,
		     const void *data, size_t bytes);
