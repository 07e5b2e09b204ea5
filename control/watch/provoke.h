/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Provoking both ends of a connection into sending a packet. RFC 5961, 4 makes an established
 * endpoint answer any SYN by a challenge ACK that carries its exact numbers; once the lease has
 * ended that ACK is answered with a reset, by the engine toward the VM, by the kernel toward the
 * client. So an idle connection learns of its end though nobody knows its sequence numbers.
 */
#pragma once

#include <stdint.h>

#include <sallyport/table.h>

struct provoker;

/* The three ends of a connection through a lease. Ports in host order. */
struct provoke_ends {
	struct sp_addr client;
	struct sp_addr public_addr;
	struct sp_addr vm;
	uint16_t client_port;
	uint16_t public_port;
	uint16_t vm_port;
};

/* Opens the raw sockets. Result: 0, or -errno (-EPERM without CAP_NET_RAW). */
int watch_provoke_open(struct provoker **ret_provoker);
void watch_provoke_close(struct provoker *provoker);

/*
 * Sends one end a SYN that looks as if the other had sent it. Call it once the table says that the
 * lease has ended: the answer cannot overtake that. Never blocks. Result: 0 or -errno. What may
 * have been lost is sent again after more than half a second, since sooner the kernel's own rate
 * limit for challenge ACKs would ignore it; to the VM only if no segment of its was seen after the
 * end: one whose connection is gone would take it for a new connection.
 */
int watch_provoke_client(struct provoker *provoker, const struct provoke_ends *ends);
int watch_provoke_vm(struct provoker *provoker, const struct provoke_ends *ends);
