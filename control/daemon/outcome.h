/* SPDX-License-Identifier: BSD-3-Clause */
/* What became of a reload, for whoever asked for it: a file in run_dir. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct config;

/* Says that a reload is done, with or without effect. Result: 0 or -errno. */
int daemon_outcome_tell(const struct config *config, bool applied);

/*
 * Has the sallyportd with this pid read its configuration again, and waits until it has. Blocks for
 * at most 30 seconds. Result: 0, what differed is applied; -ECANCELED, nothing was; -ETIMEDOUT; or
 * -errno, as -ESRCH when it is gone.
 */
int daemon_outcome_ask(const struct config *config, pid_t pid);

/*
 * Logs why nothing was applied: the options that differ from the configuration in force and need
 * more than a reload, or where else to look.
 */
void daemon_outcome_explain(const struct config *config);
