/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of builds, with the edge above it. */
#pragma once

#include "cli/top/list/state.h"
#include "cli/top/paint/page.h"

/* Result: the lines above the builds. */
unsigned int paint_list_head(void);

/* Paints the list, of which so many builds may be seen. */
void paint_list_show(const struct top *top, struct top_page *page, unsigned int lines);
