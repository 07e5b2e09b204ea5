/* SPDX-License-Identifier: BSD-3-Clause */
/* The model's part of the configuration. */
#pragma once

struct config;
struct model_settings;

/* Fills *ret_settings from a checked configuration. */
void edge_config_read(const struct config *config, struct model_settings *ret_settings);
