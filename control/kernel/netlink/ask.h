/* SPDX-License-Identifier: BSD-3-Clause */
/* One question to the kernel's routing side (rtnetlink), and its answer. */
#pragma once

#include <libmnl/libmnl.h>

/*
 * Sends a request on a socket of its own, and hands what comes to take() until the kernel says that
 * it was all, or that it is done. Result: 0, -EINTR for a dump during which something changed,
 * -EAGAIN without an answer for 5 s, or what the kernel says. It blocks. Any thread.
 */
int netlink_ask(struct nlmsghdr *request, mnl_cb_t take, void *context);
