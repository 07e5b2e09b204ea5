/* SPDX-License-Identifier: BSD-3-Clause */
/* SQLite's way to the files of both databases: that of the system, but synced by disk.h. */
#pragma once

/* Result: its name; NULL, which is the system's own, if there is none. */
const char *journal_vfs_name(void);
