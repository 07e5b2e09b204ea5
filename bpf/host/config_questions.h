/* SPDX-License-Identifier: BSD-3-Clause */
/* What is allowed in a configuration, and seldom meant. */
#pragma once

#include <stdio.h>

#include "config.h"

/* A socket of this host that takes TCP connections. */
struct config_listener {
	struct sp_addr addr;
	uint16_t port;
};

/* Reads a line of /proc/net/tcp or /proc/net/tcp6. Result: whether it is a listener. */
bool config_question_listener(const char *line, struct config_listener *ret_listener);

/* Result: whether a port is among those of a public address. */
bool config_question_has_port(const struct config_public *address, uint16_t port);

/* Result: whether a lease on its port of that address would hide it from clients. */
bool config_question_hides(const struct config_public *address,
			   const struct config_listener *listener);

/*
 * Prints a line for each public port that a program of this host listens on already: a lease of it
 * would hide that program from clients, such as the host's own sshd. listeners is /proc/net/tcp or
 * /proc/net/tcp6. Result: the number of lines.
 */
unsigned int config_question_ports(const struct config *config, const char *path, FILE *listeners,
				   FILE *stream);

/*
 * Prints a line for each value that the file alone shows to be seldom meant: addresses that nobody
 * elsewhere has a way to, no address of the default pool, durations without a unit, a linger that
 * never counts, and a page for everybody. Result: the number of lines.
 */
unsigned int config_question_values(const struct config *config, const char *path, FILE *stream);

#define CONFIG_PCI_SIZE 32

enum config_pci {
	CONFIG_PCI_ABSENT,  /* there is no such device */
	CONFIG_PCI_UNBOUND, /* it has no driver */
	CONFIG_PCI_KERNELS, /* it has one of the kernel's own: the device is an interface, or a disk
			     */
	CONFIG_PCI_READY,   /* it has one that DPDK goes by */
};

struct config_pci_device {
	char address[CONFIG_PCI_SIZE]; /* in full: 0000:01:00.0 */
	char driver[CONFIG_PCI_SIZE];  /* the kernel's, "": none */
};

/* Result: whether a port is a PCI device. */
bool config_question_is_pci(const char *port);

/* Looks at the PCI device that is a port, below root, or here if that is NULL. */
enum config_pci config_question_pci(const char *root, const char *port,
				    struct config_pci_device *ret);
