/* SPDX-License-Identifier: BSD-3-Clause */
/* Listening sockets for http_server. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <sallyport/table.h>

#define HTTP_SOCKET_KEEP_GROUP (~(gid_t)0)

/* Who may connect. */
struct http_socket_access {
	gid_t group; /* HTTP_SOCKET_KEEP_GROUP: the process's own */
	mode_t mode; /* such as 0660 */
};

/* Result: 0 and the group of that name, HTTP_SOCKET_KEEP_GROUP for ""; or -ENOENT. It may block. */
int http_socket_group(const char *name, gid_t *ret_group);

/*
 * Makes a listening, non-blocking UNIX socket at path. A socket left there by a process that is
 * gone is replaced.
 * Result: 0 and *ret_fd (the caller closes it and unlinks path), -EADDRINUSE when somebody listens
 * there, -EEXIST when something else is there, -ENAMETOOLONG, or another -errno.
 */
int http_socket_unix(const char *path, struct http_socket_access access, int *ret_fd);

/*
 * Makes a listening, non-blocking TCP socket.
 * Result: 0 and *ret_fd, or -errno.
 */
int http_socket_tcp(const struct sp_addr *addr, uint16_t port, int *ret_fd);
