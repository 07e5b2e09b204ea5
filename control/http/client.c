/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host/addr.h"
#include "host/boottime.h"
#include "http/request.h"

/* How long somebody who is too many may take to ask, and how many of one user may do so. */
#define LOBBY_S	       2
#define LOBBY_PER_USER 4

struct count {
	unsigned int all, user, addr;
	unsigned int lobby_of_user;
};

static struct count count_clients(const struct http_clients *clients,
				  const struct http_client *whose)
{
	const struct http_client *client;
	struct count count = {0};

	LIST_FOREACH (client, clients, link) {
		bool same = client->uid == whose->uid;

		count.all += client->refused == 0;
		count.user += client->refused == 0 && same;
		count.addr += client->refused == 0 &&
			      memcmp(&client->addr, &whose->addr, sizeof(whose->addr)) == 0;
		count.lobby_of_user += client->refused != 0 && same;
	}
	return count;
}

static int judge(const struct http_server_options *options, const struct count *count)
{
	if (options->nr_connections_per_user && count->user >= options->nr_connections_per_user)
		return -EUSERS;
	if (options->nr_connections_per_addr && count->addr >= options->nr_connections_per_addr)
		return -EUSERS;
	return count->all >= options->nr_connections ? -EBUSY : 0;
}

static uint64_t after_s(unsigned int s)
{
	return boottime_now_ns() + s * NS_PER_S;
}

static void admit(struct http_server *server, struct http_client *client)
{
	struct count count = count_clients(&server->clients, client);

	client->refused = judge(&server->options, &count);
	client->until_ns = after_s(client->refused ? LOBBY_S : server->options.request_s);
	if (client->refused && count.lobby_of_user >= LOBBY_PER_USER)
		shutdown(client->fd, SHUT_RDWR);
}

static void read_peer(struct http_client *client)
{
	struct sockaddr_storage address = {0};
	struct ucred peer;
	socklen_t len = sizeof(peer);

	client->uid = (uid_t)-1;
	if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
		client->uid = peer.uid;
	len = sizeof(address);
	if (getpeername(client->fd, (struct sockaddr *)&address, &len) == 0)
		addr_from_sockaddr((const struct sockaddr *)&address, &client->addr);
}

static struct http_client *make_client(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_client *client = calloc(1, sizeof(*client));

	if (!client || !info) {
		free(client);
		return NULL;
	}
	client->fd = info->connect_fd;
	read_peer(client);
	return client;
}

void http_client_notify(void *context, struct MHD_Connection *connection, void **socket_context,
			enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = context;
	struct http_client *client = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		client = make_client(connection);
		*socket_context = client;
		if (!client)
			return;
		admit(server, client);
		LIST_INSERT_HEAD(&server->clients, client, link);
	} else if (client) {
		LIST_REMOVE(client, link);
		free(client);
		*socket_context = NULL;
	}
}

struct http_client *http_client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

void http_client_begun(struct http_client *client, unsigned int request_s)
{
	if (client && !client->refused)
		client->until_ns = after_s(request_s);
}

void http_client_complete(struct http_client *client)
{
	if (client)
		client->until_ns = UINT64_MAX;
}

void http_client_answering(struct http_client *client, unsigned int answer_s)
{
	if (!client || !answer_s)
		return;
	client->answering = true;
	client->until_ns = after_s(client->refused ? LOBBY_S : answer_s);
}

void http_client_answered(struct http_client *client, unsigned int within_s)
{
	if (client)
		client->answering = false;
	if (client && !client->refused)
		client->until_ns = after_s(within_s);
}

/* libmicrohttpd answers complete requests only: this goes past it, and it sees the end. */
void http_client_end_late(struct http_clients *clients, const char *last_word)
{
	uint64_t now_ns = boottime_now_ns();
	struct http_client *client;

	LIST_FOREACH (client, clients, link) {
		if (client->until_ns > now_ns)
			continue;
		client->until_ns = UINT64_MAX;
		if (!client->answering)
			send(client->fd, last_word, strlen(last_word), MSG_DONTWAIT | MSG_NOSIGNAL);
		shutdown(client->fd, SHUT_RDWR);
	}
}
