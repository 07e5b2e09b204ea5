/* SPDX-License-Identifier: BSD-3-Clause */
/* A name and a password for a token. For this room alone. */
#pragma once

struct etcd;
struct etcd_waiter;

/*
 * Waits for a new token; whoever comes while somebody logs in waits for the same. done() is called
 * once: with 0 and there is another token; -EACCES with the store's reason; -EAGAIN when the member
 * did not answer, and is left; or -errno. Result: 0; -EACCES if there is no user; or -errno of the
 * password's file.
 */
int etcd_login_wait(struct etcd *etcd, struct etcd_waiter *waiter);

/* done() will not be called. */
void etcd_login_forget(struct etcd_waiter *waiter);
