/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of the configuration in force, for `sallyport check --diff`: a file in run_dir. */
#pragma once

struct config;

/*
 * Writes the text of the file that the configuration was read from, unless it says something else
 * by now: then there is none. Blocks as long as the file system does. What fails is logged.
 */
void daemon_running_tell(const struct config *config, const char *path);

/* Removes it. */
void daemon_running_forget(const struct config *config);
