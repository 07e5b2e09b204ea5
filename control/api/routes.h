/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of routes. */
#pragma once

#include "api/call/route.h"

/* All rows, ended by one without a method. */
extern const struct api_route api_routes[];

/* The same for the status page, which is on the listener of metrics alone. */
extern const struct api_route api_routes_pages[];
