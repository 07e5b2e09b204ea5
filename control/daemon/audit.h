/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The audit of connections, and what watches them: whatever is wrong with its file, connections are
 * watched, since connect_within and the resets of idle ends hang on that. Logs.
 */
#pragma once

struct daemon;

/* Sets daemon->audit, NULL without memory. */
void daemon_audit_open(struct daemon *daemon);

/* Sets daemon->watch, NULL if it could not be started. The edge and the kernel's part are there. */
void daemon_audit_watch(struct daemon *daemon);
