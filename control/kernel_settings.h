/* SPDX-License-Identifier: BSD-3-Clause */
/* The settings record, written while packets are compared with it. */
#pragma once

#include <stdint.h>

#include <sallyport/table.h>

struct config;

/* Writes what the config says, each field by one store, and stores only what changes. */
void settings_write(struct sp_settings *settings, const struct config *config,
		    uint32_t public_ifindex, uint32_t builds_ifindex);
