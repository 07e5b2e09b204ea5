/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who does the XDP program's work: by default whoever an interface's packets interrupt, with
 * "threads" a kernel thread for each queue (Documentation/networking/napi.rst, "Threaded NAPI").
 * On a veth the first is the sender itself, so that sender, engine and receiver share one core.
 */
#pragma once

#include <stdbool.h>

#include "host/config.h"

/*
 * Sets an interface that has its program up as the config wishes. "auto" decides for a veth alone,
 * and leaves other drivers as they are. Result: 1 if that changed something, else 0; -EOPNOTSUPP
 * where the kernel has no threads for that interface; -ENETDOWN while it is down, when a veth takes
 * no such wish; or -errno.
 */
int kernel_napi_threads_apply(const struct config *config, const char *interface);

/*
 * Takes back what kernel_napi_threads_apply() may have turned on, also if the engine has been
 * changed in the configuration since. Result: 0; -ENETDOWN and it stays; or -errno.
 */
int kernel_napi_threads_undo(const struct config *config, const char *interface);

/* Result: 1 if threads poll that interface, 0 if not, or -errno. */
int kernel_napi_threads_look(const char *interface);
