/* SPDX-License-Identifier: BSD-3-Clause */
/* The model's settings from the configuration. */
#pragma once

#include "explain_text.h"

struct config;
struct edge_settings;

void daemon_settings(const struct config *config, struct edge_settings *ret_settings);

/* Result: leases.explain as the responder knows it. */
enum explain_mode daemon_explain_mode(const struct config *config);
