/* SPDX-License-Identifier: BSD-3-Clause */
/* A file that holds one number of an event, in decimal, and a newline: the cursor of
 * sallyport-hooks. */
#pragma once

#include <stdint.h>

#define SEQ_FILE_BYTES 32

/* Result: 0, -ENOENT if there is none yet, -EBADMSG if it is none, or -errno. */
int seq_file_read(const char *path, uint64_t *ret_seq);
