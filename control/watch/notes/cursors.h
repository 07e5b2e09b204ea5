/* SPDX-License-Identifier: BSD-3-Clause */
/* How far the notes have been read, kept in the journal. */
#pragma once

struct journal;
struct ring;

/*
 * Sets notes->read to what was saved; of another table, or if none was, it is left alone: then the
 * rings are read from their beginning. Result: 0 or -errno.
 */
int notes_cursors_load(struct journal *journal, struct ring *notes);

/* Inside the journal's open transaction. Result: 0 or -errno. */
int notes_cursors_save(struct journal *journal, const struct ring *notes);
