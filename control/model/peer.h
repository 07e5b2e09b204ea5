/* SPDX-License-Identifier: BSD-3-Clause */
/* Who asks. uid and pid are audited; (uid_t)-1 is the daemon itself. */
#pragma once

#include <sys/types.h>

struct peer {
	uid_t uid;
	pid_t pid;
};
