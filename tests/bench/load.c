/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Load for comparing carriers, IPv4:
 *   load serve PORT                            echoes what TCP connections send
 *   load connections ADDRESS PORT SECONDS      connect, 64 bytes each way, reset; prints the rate
 *   load ping ADDRESS PORT SECONDS             round trips of one connection; prints p50 and p99
 *   load flood DEV MAC FROM ADDRESS PORT SECONDS
 *                                              60-byte TCP segments past the stack; prints the rate
 *   load syns DEV MAC ADDRESS PORT,PORT... RATE SECONDS
 *                                              60-byte SYNs in forged names, RATE a second (0: as
 * fast as can be), until ended; prints the rate
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_BYTES	64
#define IN_PARALLEL	32
#define FLOOD_FLOWS	64
#define FLOOD_FIRST	20000 /* source ports */
#define FLOOD_BYTES	60
#define ROUND_TRIPS_MAX 4000000
#define SYNS		4096
#define SYNS_BURST	64
#define SYNS_FORGED	0xc6120000u /* 198.18.0.0/15 */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t end_ns(const char *seconds)
{
	return now_ns() + strtoull(seconds, NULL, 10) * 1000000000u;
}

static struct sockaddr_in address_of(const char *address, const char *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};

	if (inet_pton(AF_INET, address, &at.sin_addr) != 1)
		die(address);
	return at;
}

static void watch(int epoll, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		die("epoll_ctl");
}

static void accept_all(int epoll, int listener)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		watch(epoll, fd, EPOLLIN);
	}
}

static void echo(int fd)
{
	char data[4096];
	ssize_t bytes = recv(fd, data, sizeof(data), 0);

	if (bytes < 0 && errno == EAGAIN)
		return;
	if (bytes <= 0 || send(fd, data, (size_t)bytes, MSG_NOSIGNAL) != bytes)
		close(fd);
}

static int serve(char **argument)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), epoll = epoll_create1(0);
	struct sockaddr_in at = address_of("0.0.0.0", argument[0]);
	struct epoll_event events[64];
	int on = 1;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 4096))
		die("listen");
	watch(epoll, listener, EPOLLIN);
	puts("up");
	fflush(stdout);
	for (;;) {
		int nr = epoll_wait(epoll, events, 64, -1);

		if (nr < 0 && errno != EINTR)
			return 1;
		for (int i = 0; i < nr; i++) {
			if (events[i].data.fd == listener)
				accept_all(epoll, listener);
			else
				echo(events[i].data.fd);
		}
	}
}

/* Begins one connection; its events come as it is connected and as it is answered. */
static void dial(int epoll, const struct sockaddr_in *to)
{
	struct linger reset = {.l_onoff = 1};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) && errno != EINPROGRESS)
		die("connect");
	watch(epoll, fd, EPOLLOUT);
}

/* Result: 1 once the connection has been answered and closed, whichever way it went. */
static int advance(int epoll, int fd, uint32_t ready, unsigned int *failed)
{
	struct epoll_event reading = {.events = EPOLLIN, .data.fd = fd};
	char data[MESSAGE_BYTES] = {0};

	if (ready & (EPOLLERR | EPOLLHUP)) {
		++*failed;
	} else if (ready & EPOLLOUT) {
		if (send(fd, data, sizeof(data), MSG_NOSIGNAL) == MESSAGE_BYTES) {
			epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &reading);
			return 0;
		}
		++*failed;
	} else if (recv(fd, data, sizeof(data), 0) <= 0) {
		++*failed;
	}
	close(fd);
	return 1;
}

static int connections(char **argument)
{
	struct sockaddr_in to = address_of(argument[0], argument[1]);
	uint64_t begin = now_ns(), end = end_ns(argument[2]);
	struct epoll_event events[IN_PARALLEL];
	unsigned int done = 0, failed = 0;
	int epoll = epoll_create1(0);

	for (int i = 0; i < IN_PARALLEL; i++)
		dial(epoll, &to);
	while (now_ns() < end) {
		int nr = epoll_wait(epoll, events, IN_PARALLEL, 100);

		for (int i = 0; i < nr; i++) {
			if (!advance(epoll, events[i].data.fd, events[i].events, &failed))
				continue;
			done++;
			dial(epoll, &to);
		}
	}
	if (failed > done / 100)
		fprintf(stderr, "load: %u of %u connections failed\n", failed, done);
	printf("%.0f\n", (done - failed) / ((double)(now_ns() - begin) / 1e9));
	return failed > done / 100;
}

static int compare(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return one < other ? -1 : one > other;
}

static int ping(char **argument)
{
	struct sockaddr_in to = address_of(argument[0], argument[1]);
	uint32_t *trip_ns = calloc(ROUND_TRIPS_MAX, sizeof(*trip_ns));
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	uint64_t end = end_ns(argument[2]);
	char data[MESSAGE_BYTES] = {0};
	size_t nr = 0;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!trip_ns || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	while (now_ns() < end && nr < ROUND_TRIPS_MAX) {
		uint64_t sent_ns = now_ns();

		if (send(fd, data, sizeof(data), 0) != MESSAGE_BYTES ||
		    recv(fd, data, sizeof(data), MSG_WAITALL) != MESSAGE_BYTES)
			die("ping");
		trip_ns[nr++] = (uint32_t)(now_ns() - sent_ns);
	}
	qsort(trip_ns, nr, sizeof(*trip_ns), compare);
	printf("%.1f %.1f\n", trip_ns[nr / 2] / 1e3, trip_ns[nr * 99 / 100] / 1e3);
	free(trip_ns);
	return 0;
}

static uint32_t sum_words(const void *data, size_t bytes, uint32_t sum)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i + 1 < bytes; i += 2)
		sum += (uint32_t)byte[i] << 8 | byte[i + 1];
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

struct flood_frame {
	struct ether_header eth;
	struct iphdr ip;
	struct tcphdr tcp;
	char payload[FLOOD_BYTES - sizeof(struct ether_header) - sizeof(struct iphdr) -
		     sizeof(struct tcphdr)];
} __attribute__((packed));

static void own_mac(const char *dev, uint8_t *ret_mac)
{
	char command[128], text[32] = "";
	FILE *out;

	snprintf(command, sizeof(command),
		 "ip -o link show dev %s | sed -n 's/.*ether \\([0-9a-f:]*\\).*/\\1/p'", dev);
	out = popen(command, "r");
	if (!out || !fgets(text, sizeof(text), out) ||
	    sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &ret_mac[0], &ret_mac[1], &ret_mac[2],
		   &ret_mac[3], &ret_mac[4], &ret_mac[5]) != 6)
		die(dev);
	pclose(out);
}

static void fill_frame(struct flood_frame *frame, const struct sockaddr_in *from,
		       const struct sockaddr_in *to, uint16_t source_port)
{
	uint32_t sum;

	frame->eth.ether_type = htons(ETHERTYPE_IP);
	frame->ip = (struct iphdr){.version = 4,
				   .ihl = 5,
				   .tot_len = htons(FLOOD_BYTES - sizeof(struct ether_header)),
				   .ttl = 64,
				   .protocol = IPPROTO_TCP,
				   .saddr = from->sin_addr.s_addr,
				   .daddr = to->sin_addr.s_addr};
	frame->ip.check = fold(sum_words(&frame->ip, sizeof(frame->ip), 0));
	frame->tcp = (struct tcphdr){.source = htons(source_port),
				     .dest = to->sin_port,
				     .doff = 5,
				     .ack = 1,
				     .window = htons(512)};
	sum = sum_words(&frame->ip.saddr, 8, IPPROTO_TCP);
	sum += FLOOD_BYTES - sizeof(struct ether_header) - sizeof(struct iphdr);
	sum = sum_words(&frame->tcp, sizeof(frame->tcp) + sizeof(frame->payload), sum);
	frame->tcp.check = fold(sum);
}

static int flood_socket(const char *dev)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(dev)};
	int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die(dev);
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	return fd;
}

static int flood(char **argument)
{
	struct sockaddr_in from = address_of(argument[2], "0");
	struct sockaddr_in to = address_of(argument[3], argument[4]);
	static struct flood_frame frame[FLOOD_FLOWS];
	static struct mmsghdr message[FLOOD_FLOWS];
	static struct iovec part[FLOOD_FLOWS];
	uint64_t begin = now_ns(), end = end_ns(argument[5]), sent = 0;
	int fd = flood_socket(argument[0]);
	uint8_t mac[12];

	if (sscanf(argument[1], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5]) != 6)
		die(argument[1]);
	own_mac(argument[0], mac + 6);
	for (int i = 0; i < FLOOD_FLOWS; i++) {
		fill_frame(&frame[i], &from, &to, (uint16_t)(FLOOD_FIRST + i));
		memcpy(&frame[i].eth, mac, sizeof(mac));
		part[i] = (struct iovec){&frame[i], FLOOD_BYTES};
		message[i].msg_hdr = (struct msghdr){.msg_iov = &part[i], .msg_iovlen = 1};
	}
	while (now_ns() < end) {
		int nr = sendmmsg(fd, message, FLOOD_FLOWS, 0);

		if (nr < 0 && errno != ENOBUFS && errno != EAGAIN)
			die("sendmmsg");
		sent += nr > 0 ? (uint64_t)nr : 0;
	}
	printf("%.0f\n", (double)sent / ((double)(now_ns() - begin) / 1e9));
	return 0;
}

static volatile sig_atomic_t ended;

static void end_now(int signal)
{
	ended = 1;
}

/* Each in another name, with numbers of its own, to one of the ports. */
static void fill_syn(struct flood_frame *frame, const struct sockaddr_in *to, const char *mac)
{
	struct sockaddr_in from = {.sin_addr.s_addr =
					   htonl(SYNS_FORGED | ((uint32_t)random() & 0x1ffff))};

	fill_frame(frame, &from, to, (uint16_t)(1024 + random() % 60000));
	memcpy(&frame->eth, mac, sizeof(frame->eth.ether_dhost) * 2);
	frame->tcp.ack = 0;
	frame->tcp.syn = 1;
	frame->tcp.seq = (uint32_t)random();
	frame->tcp.check = 0;
	frame->tcp.check =
		fold(sum_words(&frame->tcp, sizeof(frame->tcp) + sizeof(frame->payload),
			       sum_words(&frame->ip.saddr, 8, IPPROTO_TCP) + FLOOD_BYTES -
				       sizeof(struct ether_header) - sizeof(struct iphdr)));
}

/* By the queue of the device, unlike a flood: what the wire does not take is waited for. */
static uint64_t send_syns(int fd, struct mmsghdr *message, double rate, uint64_t until_ns)
{
	uint64_t begin = now_ns(), sent = 0;

	while (!ended && now_ns() < until_ns) {
		int nr = sendmmsg(fd, message + sent % SYNS / SYNS_BURST * SYNS_BURST, SYNS_BURST,
				  0);

		if (nr < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			die("sendmmsg");
		sent += nr > 0 ? (uint64_t)nr : 0;
		while (rate > 0 && !ended && (double)(now_ns() - begin) / 1e9 * rate < (double)sent)
			usleep(50);
	}
	return sent;
}

static int syns(char **argument)
{
	static struct flood_frame frame[SYNS];
	static struct mmsghdr message[SYNS];
	static struct iovec part[SYNS];
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)if_nametoindex(argument[0])};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	const char *ports[16];
	char mac[12];
	int nr_ports = 0;
	uint64_t begin, sent;

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die(argument[0]);
	if (sscanf(argument[1], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5]) != 6)
		die(argument[1]);
	own_mac(argument[0], (uint8_t *)mac + 6);
	for (char *port = strtok(argument[3], ","); port && nr_ports < 16; port = strtok(NULL, ","))
		ports[nr_ports++] = port;
	signal(SIGTERM, end_now);
	for (int i = 0; i < SYNS; i++) {
		struct sockaddr_in to = address_of(argument[2], ports[i % nr_ports]);

		fill_syn(&frame[i], &to, mac);
		part[i] = (struct iovec){&frame[i], FLOOD_BYTES};
		message[i].msg_hdr = (struct msghdr){.msg_iov = &part[i], .msg_iovlen = 1};
	}
	begin = now_ns();
	sent = send_syns(fd, message, atof(argument[4]), end_ns(argument[5]));
	printf("%.0f\n", (double)sent / ((double)(now_ns() - begin) / 1e9));
	return 0;
}

static const struct verb {
	const char *name;
	int nr_arguments;
	int (*run)(char **argument);
} verbs[] = {
	{"serve", 1, serve}, {"connections", 3, connections},
	{"ping", 3, ping},   {"flood", 6, flood},
	{"syns", 6, syns},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(argv[1], verbs[i].name) == 0 && argc == verbs[i].nr_arguments + 2)
			return verbs[i].run(argv + 2);
	}
	fprintf(stderr, "usage: load serve|connections|ping|flood ARGUMENT... (see load.c)\n");
	return 2;
}
