// SPDX-License-Identifier: BSD-3-Clause
/*
 * SYNs as fast as this machine makes them, for a time. Run it in a namespace of a lab.
 *
 *	flood TO SECONDS FROM PORT...
 *
 * FROM is an address, or "forged": another one of 198.18.0.0/15 for each. Prints how many were sent
 * and in how many milliseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BURST	    64
#define SECONDS_MAX 60
#define FORGED	    0xc6120000u

struct segment {
	struct iphdr ip;
	struct tcphdr tcp;
};

struct flood {
	struct segment segment[BURST];
	struct mmsghdr message[BURST];
	struct iovec iovec[BURST];
	uint32_t from_be; /* 0: forged */
	uint32_t to_be;
	const char *const *ports;
	int nr_ports;
	uint64_t random;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint32_t next(struct flood *flood)
{
	flood->random = flood->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(flood->random >> 33);
}

static uint16_t checksum(const struct segment *segment)
{
	const uint16_t *word = (const uint16_t *)&segment->tcp;
	uint32_t sum = htons(IPPROTO_TCP) + htons(sizeof(segment->tcp));

	sum += (segment->ip.saddr & 0xffff) + (segment->ip.saddr >> 16);
	sum += (segment->ip.daddr & 0xffff) + (segment->ip.daddr >> 16);
	for (size_t i = 0; i < sizeof(segment->tcp) / sizeof(*word); i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return (uint16_t)(sum ^ 0xffff);
}

static void fill(struct flood *flood, struct segment *segment)
{
	uint32_t draw = next(flood);

	*segment = (struct segment){
		.ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP},
		.tcp = {.syn = 1, .doff = 5, .window = htons(64240)},
	};
	segment->ip.tot_len = htons(sizeof(*segment));
	segment->ip.saddr = flood->from_be ? flood->from_be : htonl(FORGED | (draw & 0x1ffff));
	segment->ip.daddr = flood->to_be;
	segment->tcp.source = htons((uint16_t)(1024 + (next(flood) & 0x7fff)));
	segment->tcp.dest =
		htons((uint16_t)atoi(flood->ports[next(flood) % (uint32_t)flood->nr_ports]));
	segment->tcp.seq = htonl(next(flood));
	segment->tcp.check = checksum(segment);
}

static void prepare(struct flood *flood, struct sockaddr_in *to)
{
	for (int i = 0; i < BURST; i++) {
		flood->iovec[i] = (struct iovec){&flood->segment[i], sizeof(struct segment)};
		flood->message[i].msg_hdr.msg_iov = &flood->iovec[i];
		flood->message[i].msg_hdr.msg_iovlen = 1;
		flood->message[i].msg_hdr.msg_name = to;
		flood->message[i].msg_hdr.msg_namelen = sizeof(*to);
	}
}

/* Result: how many were sent. */
static uint64_t send_for(struct flood *flood, int fd, uint64_t ms)
{
	uint64_t until = now_ms() + ms, sent = 0;

	while (now_ms() < until) {
		int nr;

		for (int i = 0; i < BURST; i++)
			fill(flood, &flood->segment[i]);
		nr = sendmmsg(fd, flood->message, BURST, 0);
		sent += nr > 0 ? (uint64_t)nr : 0;
	}
	return sent;
}

int main(int argc, char **argv)
{
	static struct flood flood = {.random = 20261129};
	struct sockaddr_in to = {.sin_family = AF_INET};
	int fd, seconds;
	uint64_t begun, sent;

	if (argc < 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		return 2;
	seconds = atoi(argv[2]);
	if (seconds < 1 || seconds > SECONDS_MAX ||
	    (strcmp(argv[3], "forged") && inet_pton(AF_INET, argv[3], &flood.from_be) != 1))
		return 2;
	flood.to_be = to.sin_addr.s_addr;
	flood.ports = (const char *const *)&argv[4];
	flood.nr_ports = argc - 4;
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (fd < 0) {
		fprintf(stderr, "flood: %s\n", strerror(errno));
		return 1;
	}
	prepare(&flood, &to);
	begun = now_ms();
	sent = send_for(&flood, fd, (uint64_t)seconds * 1000);
	printf("%llu %llu\n", (unsigned long long)sent, (unsigned long long)(now_ms() - begun));
	return 0;
}
