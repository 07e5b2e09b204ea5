/* SPDX-License-Identifier: BSD-3-Clause */
/* Logs what others did to our hold on the kernel, and tells it by events. */
#pragma once

struct daemon;

/* Tells all there is. What the journal does not take now is told by the next call. */
void daemon_tell_changes(struct daemon *daemon);
