/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/socket.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/addr.h"

#define BACKLOG 128

int http_socket_group(const char *name, gid_t *ret_group)
{
	const struct group *group;

	*ret_group = HTTP_SOCKET_KEEP_GROUP;
	if (name[0] == '\0')
		return 0;
	group = getgrnam(name);
	if (!group)
		return -ENOENT;
	*ret_group = group->gr_gid;
	return 0;
}

static int listen_socket(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

/* Result: 0 when path is free to bind now, else why not. */
static int clear_path(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, r;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = listen_socket(AF_UNIX);
	if (fd < 0)
		return fd;
	r = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	if (r == 0 || errno == EAGAIN) {
		close(fd);
		return -EADDRINUSE;
	}
	close(fd);
	return unlink(address->sun_path) < 0 ? -errno : 0;
}

/* Nobody but the owner can connect until group and mode are set. */
static int bind_private(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(0177);
	int r = bind(fd, (const struct sockaddr *)address, sizeof(*address));

	if (r < 0)
		r = -errno;
	umask(before);
	return r;
}

static int open_to_others(int fd, const char *path, struct http_socket_access access)
{
	if (access.group != HTTP_SOCKET_KEEP_GROUP && chown(path, (uid_t)-1, access.group) < 0)
		return -errno;
	if (chmod(path, access.mode) < 0)
		return -errno;
	return listen(fd, BACKLOG) < 0 ? -errno : 0;
}

int http_socket_unix(const char *path, struct http_socket_access access, int *ret_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	r = clear_path(&address);
	if (r < 0)
		return r;
	fd = listen_socket(AF_UNIX);
	if (fd < 0)
		return fd;
	r = bind_private(fd, &address);
	if (r < 0) {
		close(fd);
		return r;
	}
	r = open_to_others(fd, path, access);
	if (r < 0) {
		unlink(path);
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int http_socket_tcp(const struct sp_addr *addr, uint16_t port, int *ret_fd)
{
	struct sockaddr_storage address;
	socklen_t len = addr_to_sockaddr(addr, port, &address);
	const int on = 1;
	int fd = listen_socket(address.ss_family), r;

	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, len) < 0 || listen(fd, BACKLOG) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}
