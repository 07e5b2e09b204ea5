/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon/sockets.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/addr.h"
#include "host/config.h"
#include "http/socket.h"

static void explain(char **ret_reason, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void explain(char **ret_reason, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(ret_reason, format, arguments) < 0)
		*ret_reason = NULL;
	va_end(arguments);
}

static int find_group(const char *key, const char *name, gid_t *ret_group, char **ret_reason)
{
	int error = http_socket_group(name, ret_group);

	if (error)
		explain(ret_reason, "%s: there is no group \"%s\" on this host.", key, name);
	return error;
}

static int open_unix(const char *key, const char *path, struct http_socket_access access,
		     int *ret_fd, char **ret_reason)
{
	int r = http_socket_unix(path, access, ret_fd);

	if (r == -EADDRINUSE)
		explain(ret_reason, "%s: somebody listens at %s already.", key, path);
	else if (r == -ENOENT)
		explain(ret_reason, "%s: the directory of %s is not there.", key, path);
	else if (r < 0)
		explain(ret_reason, "%s: cannot listen at %s: %s.", key, path, strerror(-r));
	return r;
}

static int open_main(const struct config *config, int *ret_fd, char **ret_reason)
{
	struct http_socket_access access = {.mode = 0660};
	int r = find_group("api.group", config->api.group, &access.group, ret_reason);

	return r < 0 ? r : open_unix("api.socket", config->api.socket, access, ret_fd, ret_reason);
}

/* Without a group it is for every user of this host. */
static int open_viewers(const struct config *config, int *ret_fd, char **ret_reason)
{
	struct http_socket_access access = {
		.mode = config->api.viewer_group[0] ? 0660 : 0666,
	};
	int r;

	if (config->api.viewer_socket[0] == '\0')
		return 0;
	r = find_group("api.viewer_group", config->api.viewer_group, &access.group, ret_reason);
	return r < 0 ? r
		     : open_unix("api.viewer_socket", config->api.viewer_socket, access, ret_fd,
				 ret_reason);
}

static int open_metrics(const struct config *config, int *ret_fd, char **ret_reason)
{
	const struct config_listen *listen = &config->metrics.listen;
	char addr[ADDR_TEXT_BYTES], text[ADDR_TEXT_BYTES + 8];
	int r;

	if (!listen->enabled)
		return 0;
	r = http_socket_tcp(&listen->addr, listen->port, ret_fd);
	if (r < 0) {
		snprintf(text, sizeof(text), "%s:%u", addr_format(&listen->addr, addr),
			 listen->port);
		explain(ret_reason, "metrics.listen: cannot listen at %s: %s.", text, strerror(-r));
	}
	return r;
}

int daemon_sockets_open(const struct config *config, int ret_fds[API_DOORS_NR], char **ret_reason)
{
	int fds[API_DOORS_NR] = {-1, -1, -1};
	int r;

	*ret_reason = NULL;
	mkdir(config->edge.run_dir, 0755);
	r = open_main(config, &fds[API_DOOR_MAIN], ret_reason);
	if (r < 0)
		return r;
	r = open_viewers(config, &fds[API_DOOR_VIEWERS], ret_reason);
	if (r < 0)
		goto close_main;
	r = open_metrics(config, &fds[API_DOOR_METRICS], ret_reason);
	if (r < 0)
		goto close_viewers;
	memcpy(ret_fds, fds, sizeof(fds));
	return 0;

close_viewers:
	if (fds[API_DOOR_VIEWERS] >= 0) {
		close(fds[API_DOOR_VIEWERS]);
		unlink(config->api.viewer_socket);
	}
close_main:
	close(fds[API_DOOR_MAIN]);
	unlink(config->api.socket);
	return r;
}

void daemon_sockets_unlink(const struct config *config)
{
	unlink(config->api.socket);
	if (config->api.viewer_socket[0])
		unlink(config->api.viewer_socket);
}
