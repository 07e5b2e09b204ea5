/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a build of sallyportd's is the one that a record is of. Pure. */
#pragma once

#include <stdbool.h>

#include <jansson.h>

/* Result: whether no node or forward of both has another public port, or leads elsewhere. */
bool store_same_nodes(const json_t *nodes, const json_t *others);
