/* SPDX-License-Identifier: BSD-3-Clause */
/* The screen as a page, of any size. */
#pragma once

#include "cli/top/list/state.h"
#include "cli/top/paint/page.h"

/*
 * Paints what top->mode shows onto a page of top->width by top->height. Moves what does not fit:
 * the view's lines and the detail's first one become what there is room for. Result: 0 or -ENOMEM.
 */
int paint_mode(struct top *top, struct top_page *page);

/* Paints the list alone, all of it, without a line for keys. Result: 0 or -ENOMEM. */
int paint_all(struct top *top, struct top_page *page);
