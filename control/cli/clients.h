/* SPDX-License-Identifier: BSD-3-Clause */
/* How clients other than ssh reach the nodes of a build. */
#pragma once

#include <jansson.h>

/* Prints it of a build as the API shows it. */
void cli_clients_print(const json_t *build);
