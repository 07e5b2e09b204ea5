/* SPDX-License-Identifier: BSD-3-Clause */
/* The edge as a whole: lines on top of the list, and the page of what was dropped. */
#pragma once

#include "cli/top/list/state.h"
#include "cli/top/paint/page.h"

#define PAINT_EDGE_LINES 4u

/* Paints the first PAINT_EDGE_LINES lines. */
void paint_edge_show(const struct top *top, struct top_page *page);

/* Paints a page of dropped and refused packets, by reason. */
void paint_edge_drops(const struct top *top, struct top_page *page);
