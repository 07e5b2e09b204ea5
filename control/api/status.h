/* SPDX-License-Identifier: BSD-3-Clause */
/* A part of status.c. */
#pragma once

#include <jansson.h>

struct kernel;

/* Result: what is attached and pinned, as JSON; NULL without memory. */
json_t *api_status_kernel(const struct kernel *kernel);
