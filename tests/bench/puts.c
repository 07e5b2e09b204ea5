/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PUTs of new builds over the API's socket, each connection with always one under way:
 *   puts SOCKET CONNECTIONS SECONDS FIRST_VM VMS PORT    prints how many a second were answered 201
 * VMs are at FIRST_VM and up, VMS of them, at PORT, then again at the port after it.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_BYTES	16384
#define CONNECTIONS_MAX 256

struct connection {
	int fd;
	size_t bytes;
	char answer[ANSWER_BYTES];
};

static struct {
	uint32_t first_vm, vms;
	unsigned int port, number;
} next;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void dial(struct connection *connection, const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	connection->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&at, sizeof(at)))
		die(path);
}

static void put_next(struct connection *connection)
{
	struct in_addr vm = {htonl(next.first_vm + next.number % next.vms)};
	char body[256], text[512], address[INET_ADDRSTRLEN];
	int bytes;

	inet_ntop(AF_INET, &vm, address, sizeof(address));
	bytes = snprintf(body, sizeof(body),
			 "{\"user\": \"ubuntu\", \"nodes\": [{\"index\": 0, \"address\": \"%s\", "
			 "\"port\": %u}]}",
			 address, next.port + next.number / next.vms);
	bytes = snprintf(text, sizeof(text),
			 "PUT /v1/builds/put%u HTTP/1.1\r\nHost: edge\r\n"
			 "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			 next.number++, bytes, body);
	if (send(connection->fd, text, (size_t)bytes, 0) != bytes)
		die("send");
	connection->bytes = 0;
}

/* Result: whether the answer is complete. */
static int is_over(struct connection *connection)
{
	char *answer = connection->answer, *body, *length;
	ssize_t bytes = recv(connection->fd, answer + connection->bytes,
			     ANSWER_BYTES - 1 - connection->bytes, 0);

	if (bytes <= 0)
		die("recv");
	connection->bytes += (size_t)bytes;
	answer[connection->bytes] = '\0';
	body = strstr(answer, "\r\n\r\n");
	if (!body)
		return 0;
	length = strcasestr(answer, "\ncontent-length:");
	if (strncmp(answer, "HTTP/1.1 201", 12) != 0 || !length || length > body) {
		fprintf(stderr, "puts: %s\n", answer);
		exit(1);
	}
	return strlen(body + 4) >= strtoul(length + 16, NULL, 10);
}

static unsigned int put_until(int epoll, double end_s)
{
	struct epoll_event events[CONNECTIONS_MAX];
	unsigned int done = 0;

	while (now_s() < end_s) {
		int nr = epoll_wait(epoll, events, CONNECTIONS_MAX, 1000);

		for (int i = 0; i < nr; i++) {
			if (!is_over(events[i].data.ptr))
				continue;
			done++;
			put_next(events[i].data.ptr);
		}
	}
	return done;
}

int main(int argc, char **argv)
{
	static struct connection connections[CONNECTIONS_MAX];
	int nr = argc == 7 ? atoi(argv[2]) : 0, epoll = epoll_create1(0);
	unsigned int done;
	struct in_addr vm;
	double begin_s;

	if (nr < 1 || nr > CONNECTIONS_MAX || inet_pton(AF_INET, argv[4], &vm) != 1) {
		fprintf(stderr, "usage: puts SOCKET CONNECTIONS SECONDS FIRST_VM VMS PORT\n");
		return 2;
	}
	next.first_vm = ntohl(vm.s_addr);
	next.vms = (uint32_t)strtoul(argv[5], NULL, 10);
	next.port = (unsigned int)atoi(argv[6]);
	for (int i = 0; i < nr; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};

		dial(&connections[i], argv[1]);
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event))
			die("epoll_ctl");
		put_next(&connections[i]);
	}
	begin_s = now_s();
	done = put_until(epoll, begin_s + atof(argv[3]));
	printf("%.6g\n", done / (now_s() - begin_s));
	return 0;
}
