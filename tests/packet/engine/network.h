/* SPDX-License-Identifier: BSD-3-Clause */
/* A network namespace in which the vectors' packets have a way out. */
#pragma once

#include <stdint.h>

struct network {
	int pass_fd; /* a program that passes everything, attached so that the queues are there */
	uint32_t public_ifindex;
	uint32_t builds_ifindex;
};

/*
 * Link addresses of the two interfaces, of the gateways behind them and of the VMs: each has one of
 * its own, whose last byte is that of its address.
 */
#define NETWORK_PUBLIC_MAC  "\x02\0\0\0\x0a\x01"
#define NETWORK_BUILDS_MAC  "\x02\0\0\0\x0a\x02"
#define NETWORK_GATEWAY_MAC "\x02\0\0\0\x0b\x01"
#define NETWORK_VM4_MAC	    "\x02\0\0\0\x0c"
#define NETWORK_VM6_MAC	    "\x02\0\0\0\x0d"

/* The VMs that are there: the last part of their addresses. */
#define NETWORK_VM_FIRST 7
#define NETWORK_VM_LAST	 60

/*
 * Moves the caller to a namespace of its own with two veths: 192.0.2.1/24 and 2001:db8:2::1/64 on
 * the public one, default routes there; 10.0.0.1/16 and 2001:db8:b::1/64 on the builds one, with
 * neighbours 7 to 60 of 10.0.3.0/24 and 2001:db8:b::/64. Only the loopback forwards. Result: 0,
 * -EPERM where the caller may not, or -errno.
 */
int network_enter(struct network *ret);

/* Runs lines of `ip -batch` in it. Result: 0 or -EIO. */
int network_ip(const char *lines);
