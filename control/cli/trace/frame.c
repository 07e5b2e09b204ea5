/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/trace/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/wire.h>

#include "host/addr.h"

static const char flag_letters[] = "FSRPAU";

int trace_frame_endpoint_parse(const char *text, struct trace_endpoint *ret_endpoint)
{
	struct trace_endpoint endpoint;
	int r = addr_endpoint_parse(text, &endpoint.addr, &endpoint.port);

	if (r == 0)
		*ret_endpoint = endpoint;
	return r;
}

int trace_frame_flags_parse(const char *text, uint8_t *ret_flags)
{
	uint8_t flags = 0;

	for (; *text; text++) {
		const char *letter = strchr(flag_letters, *text);

		if (!letter)
			return -EINVAL;
		flags |= (uint8_t)(1u << (letter - flag_letters));
	}
	*ret_flags = flags;
	return 0;
}

static uint8_t ip_protocol_of(const struct trace_description *description)
{
	return description->protocol == SP_PROTOCOL_UDP ? SP_IPPROTO_UDP : SP_IPPROTO_TCP;
}

static void put_ipv4(struct sp_ipv4 *ip, const struct trace_description *description, size_t bytes)
{
	ip->version_ihl = 0x45;
	ip->total_length_be = htons((uint16_t)bytes);
	ip->fragment_be = htons(SP_IPV4_DONT_FRAGMENT);
	ip->ttl = description->ttl;
	ip->protocol = ip_protocol_of(description);
	ip->from_be = description->from.addr.word_be[3];
	ip->to_be = description->to.addr.word_be[3];
}

static void put_ipv6(struct sp_ipv6 *ip, const struct trace_description *description, size_t bytes)
{
	ip->version_class_flow_be = htonl(6u << 28);
	ip->payload_length_be = htons((uint16_t)(bytes - sizeof(*ip)));
	ip->next_header = ip_protocol_of(description);
	ip->hop_limit = description->ttl;
	memcpy(ip->from_be, &description->from.addr, sizeof(ip->from_be));
	memcpy(ip->to_be, &description->to.addr, sizeof(ip->to_be));
}

static void put_l4(void *l4, const struct trace_description *description, size_t bytes)
{
	struct sp_tcp *tcp = l4;
	struct sp_udp *udp = l4;

	tcp->from_be = htons(description->from.port);
	tcp->to_be = htons(description->to.port);
	if (description->protocol == SP_PROTOCOL_UDP) {
		udp->length_be = htons((uint16_t)bytes);
		return;
	}
	tcp->data_offset = (sizeof(*tcp) / 4) << 4;
	tcp->flags = description->tcp_flags;
}

void trace_frame_make(const struct trace_description *description, struct trace_frame *ret_frame)
{
	bool is_v4 = addr_family(&description->to.addr) == 4;
	bool is_udp = description->protocol == SP_PROTOCOL_UDP;
	size_t l3 = is_v4 ? sizeof(struct sp_ipv4) : sizeof(struct sp_ipv6);
	size_t least = l3 + (is_udp ? sizeof(struct sp_udp) : sizeof(struct sp_tcp));
	size_t bytes = description->bytes > least ? description->bytes : least;
	struct sp_eth *eth = (void *)ret_frame->data;

	memset(ret_frame, 0, sizeof(*ret_frame));
	eth->to[0] = eth->from[0] = 2; /* locally administered, and no group's */
	eth->type_be = htons(is_v4 ? SP_ETH_IPV4 : SP_ETH_IPV6);
	if (is_v4)
		put_ipv4((void *)(eth + 1), description, bytes);
	else
		put_ipv6((void *)(eth + 1), description, bytes);
	put_l4(ret_frame->data + sizeof(*eth) + l3, description, bytes - l3);
	ret_frame->bytes = sizeof(*eth) + bytes;
}

int trace_frame_capture_open(const char *path, struct trace_capture **ret_capture, char *ret_reason,
			     size_t reason_bytes)
{
	char reason[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_open_offline(path, reason);

	if (!pcap) {
		snprintf(ret_reason, reason_bytes, "%s", reason);
		return -EINVAL;
	}
	if (pcap_datalink(pcap) != DLT_EN10MB) {
		snprintf(ret_reason, reason_bytes,
			 "it holds no Ethernet frames (capture on one interface, not on any)");
		pcap_close(pcap);
		return -EINVAL;
	}
	*ret_capture = (struct trace_capture *)pcap;
	return 0;
}

void trace_frame_capture_close(struct trace_capture *capture)
{
	pcap_close((pcap_t *)capture);
}

int trace_frame_capture_next(struct trace_capture *capture, struct trace_frame *ret_frame)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int got = pcap_next_ex((pcap_t *)capture, &header, &data);
	size_t kept;

	if (got != 1)
		return got == PCAP_ERROR_BREAK ? 0 : -EINVAL;
	ret_frame->bytes = header->len < TRACE_FRAME_BYTES ? header->len : TRACE_FRAME_BYTES;
	kept = header->caplen < ret_frame->bytes ? header->caplen : ret_frame->bytes;
	memcpy(ret_frame->data, data, kept);
	memset(ret_frame->data + kept, 0, ret_frame->bytes - kept);
	return 1;
}
