/* SPDX-License-Identifier: BSD-3-Clause */
/* The start of DPDK's environment (EAL): its arguments are made from the configuration. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define EAL_ARGUMENTS_MAX 64
#define EAL_ARGUMENT_SIZE 512
#define EAL_PCI_MAX	  2 /* a device for each side */

struct eal_request {
	uint32_t nr_workers;
	uint64_t memory_bytes; /* that will be asked of EAL */
	bool hugepages;	       /* use them if there are enough */
	const char (*extra)[256];
	uint32_t nr_extra;	      /* further arguments, which may replace ours */
	const char *pci[EAL_PCI_MAX]; /* devices to take, with their arguments; no others */
	uint32_t nr_pci;
};

struct eal_arguments {
	int nr;
	bool hugepages; /* are used */
	char text[EAL_ARGUMENTS_MAX][EAL_ARGUMENT_SIZE];
	char *argv[EAL_ARGUMENTS_MAX + 1];
};

/*
 * Composes the arguments: no PCI devices, no files left behind, no telemetry; the main lcore 0 and
 * the workers as lcores 1 …, each on a CPU of its own if there are more CPUs than workers. argv
 * points into text, so *ret must stay where it is. Result: 0, or -E2BIG for too many extra ones.
 */
int eal_compose(const struct eal_request *request, struct eal_arguments *ret);

/* Result: bytes in hugepages that nobody uses. */
uint64_t eal_free_hugepage_bytes(void);
