/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of sallyport-fleet, made and undone. */
#pragma once

struct config;

/* Runs until SIGTERM or SIGINT. Result: 0 or -errno; what is wrong was logged. */
int fleet_run(const struct config *config);
