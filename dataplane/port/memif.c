/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/memif.h"

#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/memif.sock"
#define GREETING_BYTES 128 /* of any message */

/* Result: the value of ",KEY=" in devargs, NULL if it is not given; *ret_bytes is its length. */
static const char *value_of(const char *devargs, const char *key, size_t *ret_bytes)
{
	const char *value = strstr(devargs, key);

	if (!value)
		return NULL;
	value += strlen(key);
	*ret_bytes = strcspn(value, ",");
	return value;
}

bool memif_is_client(const char *devargs)
{
	static const char *const servers[] = {"server", "master"};
	size_t bytes = 0;
	const char *role = value_of(devargs, ",role=", &bytes);

	if (strncmp(devargs, "net_memif", strlen("net_memif")) != 0)
		return false;
	for (size_t i = 0; role && i < sizeof(servers) / sizeof(servers[0]); i++)
		if (bytes == strlen(servers[i]) && strncmp(role, servers[i], bytes) == 0)
			return false;
	return true;
}

/* Where it dials; an abstract name, its default, is as long as it is. */
static socklen_t address_of(const char *devargs, struct sockaddr_un *ret)
{
	size_t bytes = strlen(DEFAULT_SOCKET), kind_bytes = 0;
	const char *path = value_of(devargs, ",socket=", &bytes);
	const char *kind = value_of(devargs, ",socket-abstract=", &kind_bytes);
	bool abstract = !kind || strncmp(kind, "no", kind_bytes) != 0;

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(ret->sun_path + abstract, sizeof(ret->sun_path) - abstract, "%.*s", (int)bytes,
		 path ? path : DEFAULT_SOCKET);
	return (socklen_t)(abstract ? offsetof(struct sockaddr_un, sun_path) + 1 + bytes
				    : sizeof(*ret));
}

int memif_call(const char *devargs, int most_ms)
{
	const struct timeval most = {.tv_sec = most_ms / 1000, .tv_usec = most_ms % 1000 * 1000};
	struct sockaddr_un address;
	socklen_t bytes = address_of(devargs, &address);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (most_ms > 0 ? 0 : SOCK_NONBLOCK),
			0);

	if (fd >= 0 && bytes <= sizeof(address) &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) == 0 &&
	    connect(fd, (const struct sockaddr *)&address, bytes) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

enum memif_answer memif_hear(int fd, int most_ms)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	char greeting[GREETING_BYTES];

	if (poll(&poller, 1, most_ms) == 0)
		return MEMIF_SILENT;
	return recv(fd, greeting, sizeof(greeting), 0) > 0 ? MEMIF_GREETED : MEMIF_GONE;
}
