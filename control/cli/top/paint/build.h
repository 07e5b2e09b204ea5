/* SPDX-License-Identifier: BSD-3-Clause */
/* One build, with all that is known of it. */
#pragma once

#include "cli/top/list/state.h"
#include "cli/top/paint/page.h"

/* Paints top->detail, from its first line on; that is moved if it is too far down. */
void paint_build_show(struct top *top, struct top_page *page);
