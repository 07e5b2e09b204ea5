/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one thing of the host's configuration that is changed: forwarding of the loopback, IPv4's and
 * IPv6's. bpf_fib_lookup() answers only for an interface that forwards; asked for the loopback it
 * answers while no real interface does, so the host becomes no router.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Turns it on (IPv6's only if v6), and keeps what was there before in a file in state_dir, unless
 * that is kept already. Result: 0, or -errno and *ret_reason, a sentence.
 */
int kernel_sysctl_enable(const char *state_dir, bool v6, char **ret_reason);

/*
 * Others may have turned it off (ip_forward 1 and back does): turns it on again. Result: how many
 * switches that took, with their names in ret_names.
 */
unsigned int kernel_sysctl_correct(bool v6, char *ret_names, size_t size);

/* Puts back what was kept, if anything is of this boot, and forgets it. Result: 0 or -errno. */
int kernel_sysctl_restore(const char *state_dir);
