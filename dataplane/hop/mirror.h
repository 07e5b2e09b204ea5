/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's rules, routes, neighbours and links, followed by netlink on the main lcore, so that
 * the workers send packets where bpf_fib_lookup() would. What cannot be said of them is told in
 * nexthops->left (enum sp_left). Neighbours are learned by the kernel, never by us.
 */
#pragma once

#include <stdint.h>

#include <sallyport/table.h>

struct mirror;
struct nexthops;
struct ports;

/*
 * Subscribes and takes a first copy of everything. ports and nexthops must outlive the mirror.
 * Result: 0, -ENOMEM, or what netlink said. Free with mirror_close(), which takes NULL.
 */
int mirror_open(struct ports *ports, struct nexthops *nexthops, struct mirror **ret);
void mirror_close(struct mirror *mirror);

/* Result: the descriptor to poll for reading before mirror_follow(). */
int mirror_fd(const struct mirror *mirror);

/*
 * Takes in what the kernel has sent. Copies everything anew when notices were lost, and the routes
 * whenever one of them changed, at most ten times a second. Result: 0; -ENODEV once an interface of
 * ours is gone; else what netlink said.
 */
int mirror_follow(struct mirror *mirror, uint64_t now_ns);

/* Result: milliseconds until mirror_follow() wants to be called without notice, -1 for never. */
int mirror_timeout_ms(const struct mirror *mirror, uint64_t now_ns);

/* Asks the kernel to resolve a neighbour. Result: 0 or -errno; its answer comes as a notice. */
int mirror_resolve(struct mirror *mirror, uint32_t port_index, const struct sp_addr *addr);
