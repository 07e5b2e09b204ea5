/* SPDX-License-Identifier: BSD-3-Clause */
/* SIGHUP: the difference of two configurations is applied, or nothing is. */
#pragma once

#include "explain/text.h"

struct config;
struct daemon;

/*
 * Reads the configuration again and applies what may change. Result: 0, done either way; or -EAGAIN
 * while somebody may not have seen the last reload yet: call again soon.
 */
int daemon_reload_now(struct daemon *daemon);

/* Result: leases.explain as the responder takes it. */
enum explain_mode daemon_reload_explain_mode(const struct config *config);
