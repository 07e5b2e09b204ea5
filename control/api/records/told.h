/* SPDX-License-Identifier: BSD-3-Clause */
/* Bodies that say what another program of ours would answer. */
#pragma once

#include <jansson.h>

struct api_call;
struct json_shape;

/* Reads the call's body. Result: one of that shape, to be released; NULL: the call is answered. */
json_t *records_told_read(struct api_call *call, const struct json_shape *shape);
