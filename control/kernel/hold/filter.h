/* SPDX-License-Identifier: BSD-3-Clause */
/* The filter of a hold on one interface: put there, found, and taken off. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Result: whether the interface has a place for filters, which may be others'. */
bool hold_filter_has_place(uint32_t ifindex);

/* Makes the place if there is none, and puts the program there, instead of an earlier one of ours.
 * Result: 0 or -errno. */
int hold_filter_put(uint32_t ifindex, int prog_fd);

/* Result: the descriptor of our program there, -ENOENT if there is none, or -errno. */
int hold_filter_find(uint32_t ifindex);

/*
 * Takes ours off; with it the place, if we made that and nobody else's filter is there. Result: 0
 * or -errno.
 */
int hold_filter_remove(uint32_t ifindex, bool made_place);
