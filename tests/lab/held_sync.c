/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A disk that hangs, for the program it is preloaded into: fsync() and fdatasync() wait for as long
 * as somebody holds a lock on the file that HELD_SYNC names.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

int fsync(int fd);
int fdatasync(int fd);

static void wait_for_the_lock(void)
{
	const char *path = getenv("HELD_SYNC");
	int lock = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (lock < 0)
		return;
	flock(lock, LOCK_SH);
	close(lock);
}

int fsync(int fd)
{
	wait_for_the_lock();
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	wait_for_the_lock();
	return (int)syscall(SYS_fdatasync, fd);
}
