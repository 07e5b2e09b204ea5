/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a JSON value is of a shape: for what other programs of ours say by an answer's words. */
#pragma once

#include <jansson.h>

struct json_shape;
struct problem;

/*
 * Adds to problem whatever is missing, of another kind, too long or not known. Texts have no
 * control characters, and CHECK_TEXT_MAX bytes at most. Result: 0 or -EINVAL.
 */
#define CHECK_TEXT_MAX 512
int json_check_shape(const struct json_shape *shape, const json_t *value, struct problem *problem);
