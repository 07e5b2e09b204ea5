/* SPDX-License-Identifier: BSD-3-Clause */
/* A part of status.c. */
#pragma once

#include <jansson.h>

struct announce;
struct api_context;
struct instant;
struct json_shape;
struct kernel;
struct roster_heard;

/* Result: what is attached and pinned, as JSON; NULL without memory. And what that is made of. */
json_t *api_status_kernel(const struct kernel *kernel);
extern const struct json_shape api_status_kernel_shape;

/* Result: all of /v1/status; NULL without memory. */
json_t *api_status_make(const struct api_context *api, const struct instant *now);

/* Result: what routers are told, as JSON; NULL without memory. */
json_t *api_announcement_make(const struct announce *announce, const struct instant *now);

/* Result: what sallyport-fleet has said, as JSON; NULL without memory. */
json_t *api_announcement_fleet_make(const struct roster_heard *heard, const struct instant *now);
