/* SPDX-License-Identifier: BSD-3-Clause */
/* The fleet as this edge knows it, by the table of roster/. */
#pragma once

#include <jansson.h>

struct fleet;

/* Result: NULL without memory. */
json_t *fleet_show_make(const struct fleet *fleet);
