/* SPDX-License-Identifier: BSD-3-Clause */
/* What is set on the devices of a plan once they have their programs. */
#pragma once

struct attach_outcome;
struct attach_plan;
struct config;
struct warnings;

/* Stops what merges packets, and applies dataplane.napi_threads. What fails is a warning. */
void kernel_devices_settle(const struct config *config, const struct attach_plan *plan,
			   const struct attach_outcome *outcomes, struct warnings *warnings);
