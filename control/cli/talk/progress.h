/* SPDX-License-Identifier: BSD-3-Clause */
/* One line of stderr that says how far something is, for people at a terminal alone. */
#pragma once

/* Says it, a few times a second at most. */
void talk_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Takes the line away. */
void talk_progress_end(void);

/* From now on nothing is said. */
void talk_progress_be_quiet(void);
