/* SPDX-License-Identifier: BSD-3-Clause */
/* How clients other than ssh reach the nodes of a build. */
#pragma once

#include <jansson.h>

struct cli;

/* Prints it of a build as the API shows it. */
void cli_clients_print(const struct cli *cli, const json_t *build);
