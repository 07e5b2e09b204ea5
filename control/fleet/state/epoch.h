/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the store is the one that it was. It has a key that is made with it, and each edge keeps
 * its value: a store without it, or with another, has lost its data, or is another fleet's. Nothing
 * of such a store is made here, above all no end, until somebody says that it is to count.
 */
#pragma once

#include <stdbool.h>

struct fleet;

/* Makes the epoch, which is fleet->epoch. Result: 0 or -ENOMEM. */
int state_epoch_open(struct fleet *fleet);

void state_epoch_close(struct fleet *fleet);

/* All of the store comes; a key of it is this, NULL: has gone; that was all. Result of see: whether
 * it is the epoch's. */
void state_epoch_read(struct fleet *fleet);
bool state_epoch_see(struct fleet *fleet, const char *key, const char *value);
void state_epoch_whole(struct fleet *fleet);

/* The store has a build. Once seen that is kept: an empty store is no new one from then on. */
void state_epoch_use(struct fleet *fleet);

/* Result: why the store does not count; NULL: it does. */
const char *state_epoch_lack(const struct fleet *fleet);

/* Result: the epoch of the store as it was read last; NULL: it has none, or was not read. */
const char *state_epoch_name(const struct fleet *fleet);

/* The store as it is now counts from here on. Result: 0, -EAGAIN: it is not followed now; or -errno
 * of the state's file. */
int state_epoch_adopt(struct fleet *fleet);
