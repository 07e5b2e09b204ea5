/* SPDX-License-Identifier: BSD-3-Clause */
/* Which event is the newest one now. */
#pragma once

#include <stdint.h>

/* Asks sallyportd, for some seconds at most. Result: 0, -ENOMEM, or -EIO if there is no answer. */
int hooks_newest(const char *socket, uint64_t *ret_seq);
