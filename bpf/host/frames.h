/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a packet may be for a worker of sallyport-dp: the one number that both daemons, the
 * checks and the documents go by. The XDP program carries what is longer.
 */
#pragma once

/*
 * A buffer is less than a page, so that the kernel can map any: 4096 bytes, less what DPDK and the
 * kernel keep of it and the link header with a VLAN tag. dataplane/port/port.c has the sum, and
 * does not compile where it is another.
 */
#define FRAMES_WORKER_MTU 3374u

/* A link header, with a VLAN tag. */
#define FRAMES_HEADER_BYTES 18u
