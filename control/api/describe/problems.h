/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON Schemas of problems, with examples, for the OpenAPI document. */
#pragma once

#include <jansson.h>

/* Adds one of each type, Problem for any, and ProblemSTATUS for those of each status. */
void describe_problems_add(json_t *schemas);
