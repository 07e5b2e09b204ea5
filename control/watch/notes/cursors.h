/* SPDX-License-Identifier: BSD-3-Clause */
/* How far the notes have been read, kept in the audit of connections. */
#pragma once

struct journal;
struct ring;

/*
 * Sets notes->read to what was saved; of another table, or if nothing was, it is left alone: then
 * the rings are read from their beginning. Before there was an audit, and after an older sallyportd
 * was put back, the journal says more. Result: 0 or -errno.
 */
int notes_cursors_load(struct journal *audit, struct journal *journal, struct ring *notes);

/* Inside the audit's open transaction. Result: 0 or -errno. */
int notes_cursors_save(struct journal *audit, const struct ring *notes);
