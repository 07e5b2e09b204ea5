/* SPDX-License-Identifier: BSD-3-Clause */
/* What a key does: a pure function of the state, but for what must be asked of the daemon. */
#pragma once

#include "cli/top/list/state.h"

/* Keys that are no character. Others are characters, control characters among them. */
enum top_key {
	TOP_KEY_UP = 0x110000, /* above all of Unicode */
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_ENTER,
	TOP_KEY_ESCAPE,
	TOP_KEY_BACKSPACE,
	TOP_KEY_REDRAW, /* of the terminal's own accord: no answer to a question */
	TOP_KEY_NONE,	/* one that means nothing here */
};

/* What the caller has to do. */
enum top_request {
	TOP_NOTHING,
	TOP_QUIT,
	TOP_OPEN,   /* ask for the build of the detail */
	TOP_CANCEL, /* cancel the build ask_id, and clear it */
	TOP_REDRAW, /* the terminal may show anything */
};

enum top_request list_keys_press(struct top *top, uint32_t key);

/* What keys do, a line each, for the help; ended by NULL. */
extern const char *const list_keys_help[];
