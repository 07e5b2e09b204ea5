/* SPDX-License-Identifier: BSD-3-Clause */
/* What the process may do, asked before anything is begun. */
#pragma once

#include <stdbool.h>

/*
 * Result: NULL if we have every capability that AF_XDP sockets and their map take, which is found
 * by its id or where it is pinned; else the name of the first that is missing (static).
 */
const char *privilege_missing(bool by_id);
