/* SPDX-License-Identifier: BSD-3-Clause */
/* The command that people type. */
#pragma once

#include <stdio.h>

struct connect;
struct forward;
struct model_settings;
struct node;

/* Writes one node's ssh command, as design and answers have it, without a newline. */
void connect_command_write(const struct connect *connect, const struct node *node, FILE *out);

/* Result: what people dial for this port. */
const char *connect_command_host(const struct model_settings *settings,
				 const struct forward *forward);
