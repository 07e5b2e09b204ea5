/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/seq_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int seq_file_read(const char *path, uint64_t *ret_seq)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[SEQ_FILE_BYTES], *end;
	unsigned long long seq;
	ssize_t bytes;

	if (fd < 0)
		return -errno;
	bytes = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (bytes <= 0)
		return -EBADMSG;
	text[bytes] = '\0';
	errno = 0;
	seq = strtoull(text, &end, 10);
	if (errno || text[0] < '0' || text[0] > '9' || strcmp(end, "\n") != 0 || seq > INT64_MAX)
		return -EBADMSG;
	*ret_seq = seq;
	return 0;
}
