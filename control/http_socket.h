/* SPDX-License-Identifier: BSD-3-Clause */
/* Listening sockets for http_server. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <sallyport/table.h>

#define HTTP_SOCKET_KEEP_GROUP ((gid_t)-1)

/*
 * Makes a listening, non-blocking UNIX socket at path, readable and writable by its owner and by
 * group. A socket left there by a process that is gone is replaced.
 * Result: 0 and *ret_fd (the caller closes it and unlinks path), -EADDRINUSE when somebody listens
 * there, -EEXIST when something else is there, -ENAMETOOLONG, or another -errno.
 */
int http_socket_unix(const char *path, gid_t group, int *ret_fd);

/*
 * Makes a listening, non-blocking TCP socket.
 * Result: 0 and *ret_fd, or -errno.
 */
int http_socket_tcp(const struct sp_addr *addr, uint16_t port, int *ret_fd);
