/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is the table that we mapped still the one that is pinned? sallyportd makes another one when the
 * configuration asks for other sizes, or after a --detach; our sockets then lie in a map that no
 * program looks at any more.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Result: the kernel's id of the pinned meta map, 0 if none can be seen. */
uint32_t table_watch_id(const char *bpf_dir);

/* Result: the name below bpf_dir of the map of that role's AF_XDP sockets. */
const char *table_watch_sockets_pin(uint32_t role);

/* Result: the kernel's id of that map, 0 if none can be seen. */
uint32_t table_watch_sockets(const char *bpf_dir, uint32_t role);

/* Result: whether that map is pinned, but not the one of that id. */
bool table_watch_other_sockets(const char *bpf_dir, uint32_t role, uint32_t id);

/* Result: whether an interface has an XDP program; without one libxdp would bring its own. */
bool table_watch_program(uint32_t ifindex);

/* Result: whether a table is pinned, but not the one of that id. */
bool table_watch_replaced(const char *bpf_dir, uint32_t id);
