/* SPDX-License-Identifier: BSD-3-Clause */
/* The terminal, by ncurses. There is one: the process's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cli/top/paint/page.h"

/*
 * Takes the terminal that stdin and stdout are. It is put back by top_screen_close(), and also when
 * the process crashes. Result: 0, or -ENOTTY and *ret_why, static, why it will not do.
 */
int top_screen_open(const char **ret_why);

void top_screen_close(void);

/* Result: its size now, and ncurses knows it too. */
void top_screen_size(unsigned int *ret_width, unsigned int *ret_height);

/* Shows a page; anew: whatever the terminal may have shown meanwhile. */
void top_screen_show(const struct top_page *page, bool anew);

/* Result: whether a key was waiting: a character, or an enum top_key. */
bool top_screen_key(uint32_t *ret_key);

/* Waits for keys, for so long at most. Result: whether there will be keys still. */
bool top_screen_wait(unsigned int wait_ms);
