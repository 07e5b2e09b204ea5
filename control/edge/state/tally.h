/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts by name: how many open builds an actor or an organisation has. Part of the edge. */
#pragma once

struct tally;

/* Result: 0 or -ENOMEM. */
int state_tally_new(struct tally **ret_tally);
void state_tally_free(struct tally *tally);

/* kind keeps names of different sorts apart. Result: 0 for a name never counted. */
unsigned int state_tally_get(const struct tally *tally, char kind, const char *name);

/* Result: 0 or -ENOMEM. */
int state_tally_add(struct tally *tally, char kind, const char *name);

/* Takes one back. A name at 0 keeps its place until state_tally_forget(), so that adding cannot
 * fail. */
void state_tally_subtract(struct tally *tally, char kind, const char *name);
void state_tally_forget(struct tally *tally, char kind, const char *name);
