/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's answers to the XDP program's question: bpf_fib_lookup(), by BPF_PROG_TEST_RUN. */
#pragma once

#include <stdint.h>

#include <linux/bpf.h>

#include <sallyport/parse.h>

/* Loads the asking program. Result: its descriptor, or -errno. */
int ask_open(void);

/*
 * Asks which way a packet goes in the network namespace of the caller. Result: what the helper
 * answers (BPF_FIB_LKUP_RET_*), with *ret as it left it; fails the test if it cannot be asked.
 */
int ask_kernel(int fd, const struct sp_tuple *packet, uint8_t family, struct bpf_fib_lookup *ret);
