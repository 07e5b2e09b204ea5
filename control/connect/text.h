/* SPDX-License-Identifier: BSD-3-Clause */
/* The sections meant for people; a part of connect.c. */
#pragma once

#include "connect/connect.h"

void connect_text_write_text(const struct connect *connect, const struct node *node, FILE *out);
void connect_text_write_markdown(const struct connect *connect, const struct node *node, FILE *out);

/* Result: when the session ends, or ended (wall ns). */
uint64_t connect_text_end_wall_ns(const struct connect *connect);
