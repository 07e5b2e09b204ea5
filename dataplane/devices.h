/* SPDX-License-Identifier: BSD-3-Clause */
/* The ports that a configuration names: looked at, started, looked after, closed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct config;
struct crew;
struct exceptions;
struct port;
struct ports;
struct table_map;

/*
 * Looks at the interfaces of both sides, before EAL's start, and logs what is wrong with them.
 * Result: 0 or -errno. The config must outlive the ports.
 */
int devices_find(struct ports *ports, const struct config *config);

/* Starts one of them, after EAL's start, and logs what goes wrong. Result: 0 or -errno. */
int devices_start(struct port *port, const struct config *config, struct exceptions *exceptions);

/* Has the kernel know whether they have a link. Now and then, on the main lcore. */
void devices_look(struct ports *ports, const struct table_map *table);

/*
 * Has those dial that lost their peer, once it is back; the workers stop for it. Now and then, on
 * the main lcore. Result: 0, or -errno as crew_start().
 */
int devices_redial(struct ports *ports, struct crew *crew);

/* Stops and closes all. */
void devices_close(struct ports *ports);
