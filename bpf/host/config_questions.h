/* SPDX-License-Identifier: BSD-3-Clause */
/* What is allowed in a configuration, and seldom meant. */
#pragma once

#include <stdio.h>

#include "config.h"

/*
 * Prints a line for each public port that a program of this host listens on already: a lease of it
 * would hide that program from clients, such as the host's own sshd. listeners is /proc/net/tcp or
 * /proc/net/tcp6. Result: the number of lines.
 */
unsigned int config_question_ports(const struct config *config, const char *path, FILE *listeners,
				   FILE *stream);
