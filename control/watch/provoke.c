// SPDX-License-Identifier: BSD-3-Clause
#include "watch/provoke.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sallyport/addr.h>
#include <sallyport/table_host.h>

#include <sallyport/answer.h>
#include <sallyport/csum.h>
#include <sallyport/wire.h>

#define WINDOW 1024

struct provoker {
	int fd4;
	int fd6; /* -1 on a host without IPv6 */
};

struct end {
	const struct sp_addr *addr;
	uint16_t port;
};

/* Raw sockets of IPPROTO_RAW take whole IP packets, of any source (raw(7); ipv6 since Linux 4.5).
 */
static int open_raw(int family)
{
	int fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW), on = 1;

	if (fd < 0)
		return -errno;
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof(on))) {
		close(fd);
		return -ENOPROTOOPT;
	}
	return fd;
}

int watch_provoke_open(struct provoker **ret_provoker)
{
	struct provoker *provoker = calloc(1, sizeof(*provoker));
	int fd4;

	if (!provoker)
		return -ENOMEM;
	fd4 = open_raw(AF_INET);
	if (fd4 < 0) {
		free(provoker);
		return fd4;
	}
	provoker->fd4 = fd4;
	provoker->fd6 = open_raw(AF_INET6);
	*ret_provoker = provoker;
	return 0;
}

void watch_provoke_close(struct provoker *provoker)
{
	if (!provoker)
		return;
	close(provoker->fd4);
	if (provoker->fd6 >= 0)
		close(provoker->fd6);
	free(provoker);
}

/* Writes an IP packet with a bare SYN. Result: its length. */
static size_t write_syn(uint8_t *packet, uint8_t family, const struct end *from,
			const struct end *to)
{
	struct sp_tcp *tcp = (struct sp_tcp *)(packet + SP_L3_BYTES(family));
	uint64_t sum;

	*tcp = (struct sp_tcp){
		.from_be = htons(from->port),
		.to_be = htons(to->port),
		.seq_be = htonl(1), /* any number will do */
		.data_offset = sizeof(*tcp) / 4 << 4,
		.flags = SP_TCP_SYN,
		.window_be = htons(WINDOW),
	};
	sum = sp_write_l3(packet, family, SP_IPPROTO_TCP, sizeof(*tcp), from->addr, to->addr);
	sum += sp_csum_bytes(tcp, sizeof(*tcp));
	tcp->checksum_be = (__be16)~sp_csum_fold(sum);
	return SP_L3_BYTES(family) + sizeof(*tcp);
}

static int send_syn(const struct provoker *provoker, const struct end *from, const struct end *to)
{
	uint8_t family = to->addr->word_be[2] == SP_V4_MAPPED_BE && !to->addr->word_be[0] &&
					 !to->addr->word_be[1]
				 ? 4
				 : 6;
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_addr.s_addr = to->addr->word_be[3]};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	uint8_t packet[sizeof(struct sp_ipv6) + sizeof(struct sp_tcp)]
		__attribute__((__aligned__(8)));
	size_t bytes = write_syn(packet, family, from, to);
	ssize_t sent;

	memcpy(&in6.sin6_addr, to->addr, sizeof(in6.sin6_addr));
	if (family == 4)
		sent = sendto(provoker->fd4, packet, bytes, 0, (struct sockaddr *)&in4,
			      sizeof(in4));
	else
		sent = sendto(provoker->fd6, packet, bytes, 0, (struct sockaddr *)&in6,
			      sizeof(in6));
	return sent < 0 ? -errno : 0;
}

int watch_provoke_client(struct provoker *provoker, const struct provoke_ends *ends)
{
	struct end client = {&ends->client, ends->client_port};
	struct end public_end = {&ends->public_addr, ends->public_port};

	return send_syn(provoker, &public_end, &client);
}

int watch_provoke_vm(struct provoker *provoker, const struct provoke_ends *ends)
{
	struct end client = {&ends->client, ends->client_port};
	struct end vm = {&ends->vm, ends->vm_port};

	return send_syn(provoker, &client, &vm);
}
