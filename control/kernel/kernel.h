/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sallyportd's hold on the kernel: the pinned table, the XDP programs on the two interfaces, the
 * mirror of this host's addresses, and the neighbours that the kernel keeps resolved for us. All of
 * it outlives the process; a start finds it and carries on.
 *
 * One thread. The order at start: kernel_start(), publish every lease to kernel_table(),
 * kernel_attach(), then READY. Nothing of a table that is not wholly published ever meets a packet.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

#include "kernel/pins/names.h"
#include "kernel/redirects.h"

struct config;
struct kernel_kept;
struct table_map;
struct kernel;

/*
 * Probes the host, then creates, adopts or prepares to replace the table, writes settings and
 * hosts, and starts mirroring addresses, routes and neighbours. kept (kernel/pins/kept.h) is
 * copied. Attaches nothing yet. Result: 0 and *ret_kernel, to be ended by kernel_stop(); or -errno
 * and *ret_reason, one sentence that names what is wrong and the config key or command that helps
 * (freed by the caller). On failure what this call made is undone, and only that.
 */
int kernel_start(const struct config *config, const struct kernel_kept *kept,
		 struct kernel **ret_kernel, char **ret_reason);

/*
 * Puts the programs in charge of the table: attaches them by pinned links, or keeps the ones of
 * ours that are there, or replaces them in place. No packet meets an interface without a program
 * that had one before. Forgets the neighbours of VMs that nobody has added since kernel_start().
 * Result and *ret_reason as above; the caller then calls kernel_stop().
 */
int kernel_attach(struct kernel *kernel, char **ret_reason);

/*
 * Result: whether kernel_attach() will change builds.networks of an adopted table in a way that
 * every reader must first be seen past whatever an earlier sallyportd changed (quiesce.h).
 */
bool kernel_rewrites_networks(const struct kernel *kernel);

/*
 * Applies a new config whose table would be the same: networks, engine, failover, fallback,
 * NAPI threads, explain. Result: 0, or -EBUSY and *ret_reason if that config needs a restart of
 * sallyportd (which loses no packet); nothing has changed then. Each call but one that undoes the
 * last waits until every reader has been seen past the last (quiesce.h).
 */
int kernel_reload(struct kernel *kernel, const struct config *config, char **ret_reason);

/* Lets go: everything stays pinned, attached and at work. NULL is allowed. */
void kernel_stop(struct kernel *kernel);

/*
 * Removes all of the above of a config from the kernel: links, programs, maps, pins, empty
 * directories, managed neighbours; puts sysctls back. Whatever is not there is passed over. Never
 * touches what is not ours. Call it with the state lock held. Result: 0, or the first -errno met
 * and *ret_reason, with everything else done all the same.
 */
int kernel_detach(const struct config *config, char **ret_reason);

/* Result: the table, mapped for writing; good until kernel_stop(). */
struct table_map *kernel_table(struct kernel *kernel);

enum kernel_origin kernel_origin(const struct kernel *kernel);

/*
 * For the event loop: the descriptor to be watched for input, and what to do then. dispatch never
 * blocks on the network. The descriptor may be another after each call of this and of
 * kernel_expire(), and -1 while netlink cannot be opened: kernel_expire() opens it anew. Result of
 * dispatch: 0, or -errno, of which kernel_expire() makes what it can.
 */
int kernel_netlink_fd(const struct kernel *kernel);
int kernel_netlink_dispatch(struct kernel *kernel);

/*
 * Does what waits for time to pass: frees emptied records of hosts, follows routes, retries
 * neighbours, has the kernel look for those that packets were dropped for. To be called after each
 * dispatch, too. Result: the CLOCK_BOOTTIME at which to call again at the latest.
 */
uint64_t kernel_expire(struct kernel *kernel, uint64_t now_ns);

/*
 * A live lease leads to that VM, or no longer does. Calls are counted: the neighbour, or the one of
 * the gateway on the way, stays resolved until each add has met its remove. Result: 0; -ENOMEM; or
 * what the kernel said. A VM that no route leads to is no error: it is resolved once there is one.
 */
int kernel_vm_add(struct kernel *kernel, const struct sp_addr *addr);
int kernel_vm_remove(struct kernel *kernel, const struct sp_addr *addr);

/* Result: what the kernel knows of a VM's link-layer address. No system call. */
struct kernel_vm kernel_vm(const struct kernel *kernel, const struct sp_addr *addr);

/* How often, since the start. */
struct kernel_figures {
	uint64_t resyncs;   /* of the netlink mirror, after it lost messages or failed */
	uint64_t lost;	    /* packets of an interface met no program of ours any more */
	uint64_t restored;  /* and did again */
	uint64_t corrected; /* switches and neighbours that others had changed */
	uint64_t held;	    /* packets that waited for this start of the host (hold.h) */
	bool blind;	    /* netlink cannot be opened now */
	struct kernel_redirects redirects;
};

struct kernel_status {
	struct kernel_interface interfaces[2]; /* public and builds; one if they are the same */
	unsigned int nr_interfaces;
	enum kernel_origin origin;
	struct sp_meta meta;	  /* sizes of the table */
	unsigned int local_addrs; /* of this host, in hosts */
	uint64_t hosts_refused;	  /* addresses that hosts had no record for */
	unsigned int neighbours;  /* managed ones of ours */
	struct kernel_figures figures;
	unsigned int nr_warnings;
	char warnings[KERNEL_WARNINGS_MAX][KERNEL_SENTENCE_SIZE]; /* sentences, since the start */
};

/*
 * What there is to tell, oldest first: NULL if nothing, else it stays the same until
 * kernel_change_done(). Beyond CHANGES_MAX of them the oldest is forgotten.
 */
struct kernel_change *kernel_next_change(struct kernel *kernel);
void kernel_change_done(struct kernel *kernel);

struct kernel_figures kernel_figures(const struct kernel *kernel);

/* Asks the kernel what is attached now. Fields that cannot be learned are left 0. */
void kernel_status(const struct kernel *kernel, struct kernel_status *ret_status);
