/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport-dp: the order of the start, the main lcore's loop, and the way back. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "crew.h"
#include "devices.h"
#include "hop/mirror.h"
#include "hop/park.h"
#include "hop/told.h"
#include "port/exception.h"
#include "port/port.h"
#include "start/arguments.h"
#include "start/eal.h"
#include "start/privilege.h"
#include "start/quiet.h"
#include "table_watch.h"

#include "host/boottime.h"
#include "host/config.h"
#include "host/config_questions.h"
#include "host/lock_file.h"
#include "host/log.h"
#include "host/table_map.h"

/* How often the main lcore looks around even if nothing happens. */
#define LOOK_MS 1000

struct dataplane {
	struct config *config;
	int lock_fd;
	int signal_fd;
	struct ports ports;
	struct exceptions exceptions;
	struct table_map *table;
	struct eal_arguments eal;
	struct nexthops nexthops;
	struct mirror *mirror;
	struct crew crew;
	struct park park;
	uint32_t table_id;
	uint32_t sockets_ids[PORTS_MAX]; /* of the maps that our sockets are in */
	uint64_t table_looked_ns;
	struct told told;
	uint64_t watchdog_ns;
	uint64_t watched_ns;
};

static int open_config(struct dataplane *dataplane, const char *path)
{
	struct config_errors errors = {0};
	int r = config_load(path, &dataplane->config, &errors);

	if (r < 0)
		config_errors_print(&errors, stderr);
	config_errors_free(&errors);
	return r;
}

static int open_lock(struct dataplane *dataplane)
{
	const char *run_dir = dataplane->config->edge.run_dir;
	const struct lock_file file = {
		.dir = run_dir,
		.name = "dp.lock",
		.dir_mode = 0755,
		.mode = 0644,
		.wait_ms = LOCK_FILE_WAIT_MS,
	};
	pid_t holder = 0;

	dataplane->lock_fd = lock_file_take(&file, &holder);
	if (dataplane->lock_fd == -EEXIST)
		log_write(LOG_ERR, "Another sallyport-dp serves this edge.",
			  log_number("pid", holder), log_string("run_dir", run_dir),
			  log_number("waited_ms", LOCK_FILE_WAIT_MS));
	else if (dataplane->lock_fd < 0)
		log_write(LOG_ERR, "The lock file dp.lock cannot be taken.",
			  log_string("run_dir", run_dir), log_error("error", dataplane->lock_fd));
	return dataplane->lock_fd < 0 ? dataplane->lock_fd : 0;
}

static int check_privilege(const struct config *config)
{
	bool af_xdp = !config->public.port[0] || !config->builds.port[0];
	const char *missing = privilege_missing(af_xdp && port_finds_map_by_id());

	if (!missing)
		return 0;
	log_write(LOG_ERR, "A capability is missing: run sallyport-dp as root or from its unit.",
		  log_string("missing", missing));
	return -EPERM;
}

/* Blocked in every thread that is yet to come, and read in the loop. */
static int open_signals(struct dataplane *dataplane)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	dataplane->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return dataplane->signal_fd < 0 ? -errno : 0;
}

static int open_table(struct dataplane *dataplane)
{
	const struct config *config = dataplane->config;
	char *reason = NULL;
	int r = table_map_open(config->edge.bpf_dir, TABLE_CARRY, &dataplane->table, &reason);

	if (r == -ENOENT)
		log_write(LOG_ERR, "There is no table yet: start sallyportd first.",
			  log_string("bpf_dir", config->edge.bpf_dir));
	else if (r < 0)
		log_write(LOG_ERR, reason ? reason : "The table cannot be used.",
			  log_error("error", r));
	free(reason);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < dataplane->ports.nr; i++)
		port_find_hop(&dataplane->ports.port[i], config, dataplane->table->settings);
	dataplane->table_id = table_watch_id(config->edge.bpf_dir);
	if (config->dataplane.workers <= dataplane->table->nr_workers)
		return 0;
	log_write(LOG_ERR, "The table was made for fewer workers: restart sallyportd.",
		  log_number("workers", config->dataplane.workers),
		  log_number("table", dataplane->table->nr_workers));
	return -ERANGE;
}

static int open_eal(struct dataplane *dataplane)
{
	const struct config *config = dataplane->config;
	struct eal_request request = {
		.nr_workers = config->dataplane.workers,
		.memory_bytes = NEXTHOP_MEMORY_BYTES,
		.hugepages = config->dataplane.hugepages,
		.extra = config->dataplane.eal,
		.nr_extra = config->dataplane.nr_eal,
	};

	for (uint32_t i = 0; i < dataplane->ports.nr; i++) {
		const char *devargs = dataplane->ports.port[i].devargs;

		request.memory_bytes += port_memory_bytes(&dataplane->ports.port[i]);
		if (devargs && config_question_is_pci(devargs))
			request.pci[request.nr_pci++] = devargs;
	}
	if (eal_compose(&request, &dataplane->eal) < 0) {
		log_write(LOG_ERR, "There are too many or too long arguments in dataplane.eal.");
		return -E2BIG;
	}
	if (request.hugepages && !dataplane->eal.hugepages)
		log_write(LOG_WARNING, "Too few hugepages are free: running without, slower.",
			  log_number("needed_mib", (int64_t)(request.memory_bytes >> 20)),
			  log_number("free_mib", (int64_t)(eal_free_hugepage_bytes() >> 20)));
	if (rte_eal_init(dataplane->eal.nr, dataplane->eal.argv) >= 0)
		return 0;
	log_write(LOG_ERR, "DPDK does not start.",
		  log_number("needed_mib", (int64_t)(request.memory_bytes >> 20)),
		  log_string("hugepages", dataplane->eal.hugepages ? "true" : "false"),
		  log_error("error", rte_errno));
	return -EIO;
}

static int open_crew(struct dataplane *dataplane)
{
	const struct config *config = dataplane->config;
	const struct crew_idle idle = {
		.spin = config->dataplane.idle == CONFIG_IDLE_SPIN,
		.yield_below = config->dataplane.idle == CONFIG_IDLE_YIELD
				       ? config->dataplane.yield_below
				       : 0,
	};
	int r = crew_open(&dataplane->crew, config->dataplane.workers, &idle, dataplane->table,
			  &dataplane->ports, &dataplane->nexthops);

	if (r == 0)
		r = park_open(&dataplane->park);
	for (uint32_t i = 0; i < dataplane->crew.nr && r == 0; i++)
		r = park_join(&dataplane->park, &dataplane->crew.workers[i].park,
			      dataplane->ports.nr);
	if (r < 0)
		log_write(LOG_ERR, "The workers cannot be set up.", log_error("error", r));
	return r;
}

/* Result: 0, or -EAGAIN while the interface has no program that would steer to us. */
static int check_program(struct dataplane *dataplane, uint32_t i)
{
	const struct port *port = &dataplane->ports.port[i];
	struct sp_queue *records = crew_queues(dataplane->table, port);

	dataplane->sockets_ids[i] =
		table_watch_sockets(dataplane->config->edge.bpf_dir, port->role);
	for (uint32_t queue = 0; queue < port->nr_queues; queue++)
		SP_STORE(records[queue].frame_bytes, port->frame_bytes);
	if (table_watch_program(port->ifindex))
		return 0;
	log_write(LOG_ERR, "The interface has no XDP program yet: sallyportd puts it there.",
		  log_string("interface", port->name));
	return -EAGAIN;
}

static int open_devices(struct dataplane *dataplane)
{
	int r = 0;

	quiet_libraries();
	crew_clear_table(dataplane->table);
	for (uint32_t i = 0; i < dataplane->ports.nr && r == 0; i++) {
		r = check_program(dataplane, i);
		if (r == 0)
			r = devices_start(&dataplane->ports.port[i], dataplane->config,
					  &dataplane->exceptions);
	}
	if (r == 0)
		crew_assign_devices(&dataplane->crew);
	if (r == 0)
		r = exceptions_start(&dataplane->exceptions);
	return r;
}

static void feed_watchdog(struct dataplane *dataplane, uint64_t now_ns)
{
	if (!dataplane->watchdog_ns || now_ns - dataplane->watched_ns < dataplane->watchdog_ns / 2)
		return;
	dataplane->watched_ns = now_ns;
	if (crew_moves(&dataplane->crew))
		sd_notify(0, "WATCHDOG=1");
	else
		log_write(LOG_ERR, "A worker does not move.");
}

/*
 * Result: 0, -ESTALE once the programs look at another table or for other sockets than ours, or
 * what keeps the workers from going on.
 */
static int look_around(struct dataplane *dataplane, uint64_t now_ns)
{
	const char *bpf_dir = dataplane->config->edge.bpf_dir;

	if (now_ns - dataplane->table_looked_ns < NS_PER_S)
		return 0;
	dataplane->table_looked_ns = now_ns;
	for (uint32_t i = 0; i < dataplane->ports.nr; i++) {
		struct port *port = &dataplane->ports.port[i];

		if (table_watch_other_sockets(bpf_dir, port->role, dataplane->sockets_ids[i]) ||
		    port_find_hop(port, dataplane->config, dataplane->table->settings))
			return -ESTALE;
	}
	devices_look(&dataplane->ports, dataplane->table);
	if (table_watch_replaced(bpf_dir, dataplane->table_id))
		return -ESTALE;
	return devices_redial(&dataplane->ports, &dataplane->crew);
}

static int sooner(int a_ms, int b_ms)
{
	if (a_ms < 0 || b_ms < 0)
		return a_ms < 0 ? b_ms : a_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

static int next_look_ms(const struct dataplane *dataplane, uint64_t now_ns)
{
	int look_ms = LOOK_MS;

	if (dataplane->watchdog_ns)
		look_ms = sooner(look_ms, (int)(dataplane->watchdog_ns / 4 / NS_PER_MS) + 1);
	look_ms = sooner(look_ms, mirror_timeout_ms(dataplane->mirror, now_ns));
	return sooner(look_ms, park_timeout_ms(&dataplane->park, now_ns));
}

/* Result: 0 once a signal ends it, else what cannot be gone on with. */
static int loop(struct dataplane *dataplane)
{
	struct pollfd fds[] = {
		{.fd = dataplane->signal_fd, .events = POLLIN},
		{.fd = mirror_fd(dataplane->mirror), .events = POLLIN},
		{.fd = dataplane->park.fd, .events = POLLIN},
	};

	for (;;) {
		uint64_t now_ns = boottime_now_ns();
		int r = poll(fds, 3, next_look_ms(dataplane, now_ns));

		if (r < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents)
			return 0;
		now_ns = boottime_now_ns();
		r = mirror_follow(dataplane->mirror, now_ns);
		if (r < 0)
			return r;
		park_take(&dataplane->park, dataplane->mirror, now_ns);
		park_give_back(&dataplane->park, &dataplane->nexthops, now_ns);
		r = look_around(dataplane, now_ns);
		if (r < 0)
			return r;
		told_look(&dataplane->told, &dataplane->nexthops);
		feed_watchdog(dataplane, now_ns);
	}
}

static int run(struct dataplane *dataplane)
{
	uint64_t watchdog_us = 0;
	int r = crew_start(&dataplane->crew);

	if (r < 0) {
		log_write(LOG_ERR, "The workers do not start: EAL has too few lcores.",
			  log_number("workers", dataplane->crew.nr));
		goto stop;
	}
	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		dataplane->watchdog_ns = watchdog_us * NS_PER_US;
	if (dataplane->config->dataplane.engine == SP_ENGINE_XDP)
		log_write(LOG_WARNING,
			  "The workers are given nothing: dataplane.engine is \"xdp\", "
			  "and until it is \"dpdk\" the XDP program carries alone.");
	log_write(LOG_INFO, "The workers carry packets.", log_number("workers", dataplane->crew.nr),
		  log_string("hugepages", dataplane->eal.hugepages ? "true" : "false"));
	sd_notify(0, "READY=1");
	r = loop(dataplane);
	if (r == -ENODEV)
		log_write(LOG_ERR, "An interface has been taken away.");
	else if (r == -ESTALE)
		log_write(LOG_ERR, "sallyportd has put another table or program there: start again "
				   "on that one.");
	else if (r < 0)
		log_write(LOG_ERR, "The kernel's routes cannot be followed.",
			  log_error("error", r));
	sd_notify(0, "STOPPING=1");
stop:
	crew_stop(&dataplane->crew);
	return r;
}

/* With EAL started: what lives in its memory, in order, and back. */
static int run_in_eal(struct dataplane *dataplane)
{
	int r = nexthops_open(&dataplane->nexthops);

	if (r < 0) {
		log_write(LOG_ERR, "There is too little memory for the routes.",
			  log_error("error", r));
		return r;
	}
	r = mirror_open(&dataplane->ports, &dataplane->nexthops, &dataplane->mirror);
	if (r < 0) {
		log_write(LOG_ERR, "The kernel's routes cannot be read.", log_error("error", r));
		goto close_nexthops;
	}
	r = open_crew(dataplane);
	if (r < 0)
		goto close_park;
	r = exceptions_open(&dataplane->exceptions);
	if (r == 0)
		r = open_devices(dataplane);
	if (r == 0)
		r = run(dataplane);
	devices_close(&dataplane->ports);
	exceptions_close(&dataplane->exceptions);
close_park:
	park_close(&dataplane->park);
	crew_close(&dataplane->crew);
	mirror_close(dataplane->mirror);
close_nexthops:
	nexthops_close(&dataplane->nexthops);
	return r;
}

/* With a configuration: what lives outside EAL, in order, and back. */
static int run_with_config(struct dataplane *dataplane)
{
	int r = check_privilege(dataplane->config);

	if (r < 0)
		return r;
	r = open_lock(dataplane);
	if (r < 0)
		return r;
	r = open_signals(dataplane);
	if (r < 0)
		goto close_lock;
	r = devices_find(&dataplane->ports, dataplane->config);
	if (r < 0)
		goto close_signals;
	r = open_table(dataplane);
	if (r < 0)
		goto close_table;
	r = open_eal(dataplane);
	if (r < 0)
		goto close_table;
	r = run_in_eal(dataplane);
	rte_eal_cleanup();
close_table:
	table_map_free(dataplane->table);
close_signals:
	close(dataplane->signal_fd);
close_lock:
	close(dataplane->lock_fd);
	return r;
}

int main(int argc, char **argv)
{
	static struct dataplane dataplane = {.lock_fd = -1, .signal_fd = -1, .park.fd = -1};
	struct arguments arguments = {0};
	int r = arguments_read(argc, argv, &arguments);

	log_open("sallyport-dp", LOG_INFO);
	if (r < 0 || arguments.done)
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	r = open_config(&dataplane, arguments.config_path);
	if (r < 0)
		return arguments.check ? EXIT_FAILURE : EX_CONFIG;
	if (!arguments.check)
		r = run_with_config(&dataplane);
	config_free(dataplane.config);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
