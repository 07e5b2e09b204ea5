/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Those who are being told why a port is shut. Clients of SSH take a disconnect in many ways, some
 * by chance; each is told when it prints it best (docs/adr/0017):
 *
 *   accepted -> its identification has come, or it keeps silent for a moment
 *            -> our identification is sent (to dropbear the sentence instead, and that is all)
 *            -> its first packet has come, or nothing more does
 *            -> the disconnect is sent
 *            -> its own words are read to their end, since closing on them resets
 */
#pragma once

#include <systemd/sd-event.h>

struct explain_callers;

/* Result: no callers yet, to be freed with explain_callers_free, or NULL for want of memory. */
struct explain_callers *explain_callers_new(sd_event *event);

/* Closes all. NULL is allowed. */
void explain_callers_free(struct explain_callers *callers);

/*
 * Takes over a connection (non-blocking) and tells it this sentence. The one who has been here for
 * longest makes room if there is none, and is told first. Result: 0, or -errno; fd stays the
 * caller's then.
 */
int explain_callers_take(struct explain_callers *callers, int fd, const char *text);
