/* SPDX-License-Identifier: BSD-3-Clause */
/* The fleet: a few words on the list's page, and a page of its own. */
#pragma once

#include "cli/top/list/state.h"
#include "cli/top/paint/page.h"

/* Paints from column x of line y on how many edges there are; nothing without a fleet. */
void paint_fleet_brief(const struct top *top, struct top_page *page, unsigned int y,
		       unsigned int x);

void paint_fleet_show(const struct top *top, struct top_page *page);
