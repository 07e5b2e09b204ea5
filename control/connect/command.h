/* SPDX-License-Identifier: BSD-3-Clause */
/* The command that people type. */
#pragma once

#include <stdio.h>

#include "host/addr.h"

struct build;
struct connect;
struct forward;
struct model_settings;
struct node;

/*
 * Writes the name that a node's host keys are known by: "ID-INDEX", and behind it ".SERIAL" where
 * an earlier build had that id, since its keys were others.
 */
void connect_command_write_alias(const struct build *build, const struct node *node, FILE *out);

/* Writes one node's ssh command, as design and answers have it, without a newline. */
void connect_command_write(const struct connect *connect, const struct node *node, FILE *out);

/* Result: what people dial for this port; text is where it may be written. */
const char *connect_command_host(const struct model_settings *settings,
				 const struct forward *forward, char text[ADDR_TEXT_BYTES]);
