/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/batch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "cli/talk/print.h"
#include "cli/top/paint/paint.h"
#include "host/boottime.h"

#define WIDTH 160 /* where nobody says otherwise: all columns */

static enum cli_exit print(struct top *top)
{
	struct top_page page = {0};
	unsigned int width = talk_print_width();
	int r;

	top->width = width ? width : WIDTH;
	top->now_ns = boottime_now_ns();
	top->view.cursor = 0;
	r = paint_all(top, &page);
	if (r == 0)
		paint_page_write(&page, stdout);
	paint_page_free(&page);
	if (r < 0)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	if (fflush(stdout) != 0)
		return talk_fail(CLI_EXIT_REFUSED, "cannot write: %s", strerror(errno));
	return CLI_EXIT_OK;
}

enum cli_exit top_batch_run(struct top_feed *feed, unsigned int delay_ms, unsigned long count)
{
	enum cli_exit code = print(feed->top);

	for (unsigned long i = 1; code == CLI_EXIT_OK && i < count; i++) {
		poll(NULL, 0, (int)delay_ms);
		top_feed_tick(feed);
		while (top_feed_step(feed))
			;
		putchar('\n');
		code = print(feed->top);
	}
	return code;
}
