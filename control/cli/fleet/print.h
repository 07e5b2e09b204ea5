/* SPDX-License-Identifier: BSD-3-Clause */
/* The fleet as text, by the table of roster/. */
#pragma once

#include <jansson.h>

struct cli;

/* Prints what sallyport-fleet says (GET /v1/fleet), to stdout. */
void fleet_print_said(const struct cli *cli, const json_t *said);

/* The same of what sallyportd has heard of it (GET /v1/status), an empty line ahead; null: nothing.
 */
void fleet_print_heard(const struct cli *cli, const json_t *heard);
