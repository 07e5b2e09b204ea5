/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * What can become of a packet: the one list that the engines' enum, the counters, the metrics, the
 * CLI's text and the reference page are made from. Append only: the order is part of the table's
 * ABI.
 */
#pragma once

enum sp_fate {
	SP_FATE_PASS,	/* to the kernel, untouched */
	SP_FATE_CARRY,	/* translated, or steered to the engine that does it */
	SP_FATE_ANSWER, /* turned into an answer to its sender */
	SP_FATE_DROP,
};

/* X(NAME, name, fate, help) */
#define SP_VERDICT_LIST(X)                                                                         \
	X(FORWARDED, forwarded, CARRY, "translated and sent on")                                   \
	X(STEERED, steered, CARRY, "handed to sallyport-dp by the XDP program")                    \
	X(NOT_IP, not_ip, PASS, "neither IPv4 nor IPv6, or of another VLAN")                       \
	X(NOT_L4, not_l4, PASS, "neither TCP nor UDP nor an ICMP error about one of them")         \
	X(TRUNCATED, truncated, PASS, "shorter than its own headers say")                          \
	X(FRAGMENT, fragment, PASS, "an IP fragment")                                              \
	X(IP_OPTIONS, ip_options, PASS, "IPv4 options or IPv6 extension headers")                  \
	X(NO_LEASE, no_lease, PASS, "from outside, to a place where no lease is")                  \
	X(NO_ENDPOINT, no_endpoint, PASS, "from the builds side, not from a leased endpoint")      \
	X(TO_HOST, to_host, PASS, "from a leased endpoint to where no client is")                  \
	X(VM_OPENS, vm_opens, PASS, "a VM opening a connection instead of answering one")          \
	X(RESERVED, reserved, PASS, "to a port whose VM is not known yet")                         \
	X(ENDED, ended, PASS, "to a port whose lease has ended")                                   \
	X(EXPIRED, expired, PASS, "to a port whose deadline has passed")                           \
	X(NOT_ALLOWED, not_allowed, PASS, "client not on the lease's allow-list")                  \
	X(TTL_EXCEEDED, ttl_exceeded, ANSWER, "TTL spent: time exceeded sent back")                \
	X(TOO_BIG, too_big, ANSWER, "larger than the next hop's MTU: packet too big sent back")    \
	X(RESET_VM, reset_vm, ANSWER, "from a VM whose lease has ended: reset sent back")          \
	X(ENDED_VM, ended_vm, DROP, "from a VM whose lease has ended, and not to be reset")        \
	X(ERROR_UNANSWERED, error_unanswered, DROP, "an ICMP error that could not be sent on")     \
	X(NO_ROUTE, no_route, DROP, "no route to the next hop")                                    \
	X(NO_NEIGHBOUR, no_neighbour, DROP, "next hop's link address not known yet")               \
	X(NO_ENGINE, no_engine, DROP, "sallyport-dp is away and dataplane.fallback is none")       \
	X(RACED, raced, DROP, "steered to sallyport-dp, but no longer ours when it looked")        \
	X(TX_FULL, tx_full, DROP, "no room in the transmit ring")                                  \
	X(NO_BUFFER, no_buffer, DROP, "no room to build an answer")                                \
	X(NOT_UNICAST, not_unicast, PASS, "to a link-layer broadcast or multicast address")        \
	X(SPOOFED, spoofed, PASS, "from outside, by a source that can only be inside")             \
	X(ANSWER_LIMITED, answer_limited, DROP,                                                    \
	  "to be answered, but an ICMP error has just been sent")                                  \
	X(SOURCE_LIMITED, source_limited, DROP,                                                    \
	  "refused by rule: more new connections than limits.syn_per_source")                      \
	X(LEASE_LIMITED, lease_limited, DROP,                                                      \
	  "refused by rule: more new connections than limits.syn_per_lease")                       \
	X(COMPLETED, completed, CARRY,                                                             \
	  "translated and sent on, and a checksum that its sender left to a NIC completed")        \
	X(EXCEPTION, exception, PASS,                                                              \
	  "handed by sallyport-dp to a port's exception interface, where XDP looks at it again")   \
	X(EXCEPTION_FULL, exception_full, DROP,                                                    \
	  "for a port's exception interface, which took no more")

enum sp_verdict {
#define X(NAME, name, fate, help) SP_##NAME,
	SP_VERDICT_LIST(X)
#undef X
		SP_VERDICT_COUNT
};

_Static_assert(SP_VERDICT_COUNT <= 64, "struct sp_counters has 64 of them");

/* Result: what a verdict means for the packet; a constant once the verdict is one. */
static inline enum sp_fate sp_verdict_fate(enum sp_verdict verdict)
{
	switch (verdict) {
#define X(NAME, name, fate, help)                                                                  \
	case SP_##NAME:                                                                            \
		return SP_FATE_##fate;
		SP_VERDICT_LIST(X)
#undef X
	case SP_VERDICT_COUNT:
		break;
	}
	return SP_FATE_PASS;
}
