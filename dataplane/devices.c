/* SPDX-License-Identifier: BSD-3-Clause */
#include "devices.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "crew.h"
#include "port/device.h"
#include "port/exception.h"
#include "port/port.h"
#include "port/tap.h"
#include "start/quiet.h"
#include "table_watch.h"

#include "host/config.h"
#include "host/config_questions.h"
#include "host/frames.h"
#include "host/log.h"

/* Result: 0 or -errno; *ret_why is set where there is more to say than the error. */
static int check_port(const struct port *port, const struct config *config, const char **ret_why)
{
	bool fallback = config->dataplane.fallback != CONFIG_FALLBACK_NONE;

	if (!port->devargs && !fallback && atomic_load(&port->mtu) > FRAMES_WORKER_MTU) {
		*ret_why = "The MTU is above what a worker's buffers hold, and dataplane.fallback "
			   "is none: lower the MTU, or let the XDP program carry longer frames.";
		return -EMSGSIZE;
	}
	if (config->dataplane.workers > port->nr_queues) {
		*ret_why = "dataplane.workers is larger than the number of receive queues: "
			   "lower it, or raise that (ethtool -L).";
		return -ERANGE;
	}
	return 0;
}

static const char *missing(const char *devargs)
{
	return devargs[0] ? "There is no such interface: make it first, as the port's exception "
			    "interface (ip tuntap add dev NAME mode tap)."
			  : "There is no such interface.";
}

static const char *why_no_pci(enum config_pci found)
{
	switch (found) {
	case CONFIG_PCI_ABSENT:
		return "There is no such PCI device: dpdk-devbind.py --status-dev net says which "
		       "there are.";
	case CONFIG_PCI_UNBOUND:
		return "The PCI device has no driver: bind it to vfio-pci, or without an IOMMU to "
		       "uio_pci_generic (dpdk-devbind.py --bind=vfio-pci ADDRESS).";
	case CONFIG_PCI_KERNELS:
		return "The kernel itself drives the PCI device: bind it to vfio-pci, or without "
		       "an IOMMU to uio_pci_generic (dpdk-devbind.py --bind=vfio-pci ADDRESS).";
	default:
		return NULL;
	}
}

/* Before EAL looks, which leaves such a device out without a word. */
static int check_pci(const char *key, const char *devargs)
{
	struct config_pci_device device;
	const char *why;

	if (!config_question_is_pci(devargs))
		return 0;
	why = why_no_pci(config_question_pci(NULL, devargs, &device));
	if (!why)
		return 0;
	log_write(LOG_ERR, why, log_string("setting", key), log_string("port", devargs),
		  log_string("driver", device.driver[0] ? device.driver : "none"));
	return -ENODEV;
}

static uint32_t most_members(const struct config *config)
{
	uint32_t public = device_members(config->public.port);
	uint32_t builds = device_members(config->builds.port);

	return public > builds ? public : builds;
}

static int add_port(struct ports *ports, const char *key, uint32_t role,
		    const struct config *config)
{
	bool builds = role == SP_ROLE_BUILDS;
	const char *name = builds ? config->builds.interface : config->public.interface;
	const char *devargs = builds ? config->builds.port : config->public.port;
	struct port *port = &ports->port[ports->nr];
	const char *why = NULL;
	int r = port_probe(port, name, role);

	if (r == -ENODEV)
		why = missing(devargs);
	if (r == 0 && devargs[0])
		device_take(port, devargs, config->dataplane.workers, most_members(config));
	if (r == 0)
		r = check_port(port, config, &why);
	if (r == 0)
		ports->nr++;
	else if (why)
		log_write(LOG_ERR, why, log_string("setting", key), log_string("interface", name),
			  log_number("mtu", atomic_load(&port->mtu)),
			  log_number("mtu_max", FRAMES_WORKER_MTU),
			  log_number("queues", port->nr_queues),
			  log_number("workers", config->dataplane.workers));
	else
		log_write(LOG_ERR, "The interface cannot be used.", log_string("setting", key),
			  log_string("interface", name), log_error("error", r));
	return r;
}

int devices_find(struct ports *ports, const struct config *config)
{
	int r = check_pci("public.port", config->public.port);

	if (r == 0)
		r = check_pci("builds.port", config->builds.port);
	if (r < 0)
		return r;
	if (strcmp(config->public.interface, config->builds.interface) == 0)
		return add_port(ports, "public.interface", SP_ROLE_BOTH, config);
	r = add_port(ports, "public.interface", SP_ROLE_PUBLIC, config);
	if (r < 0)
		return r;
	return add_port(ports, "builds.interface", SP_ROLE_BUILDS, config);
}

static int start_queues(struct port *port, const struct config *config)
{
	char map[PATH_MAX];

	snprintf(map, sizeof(map), "%s/%s", config->edge.bpf_dir,
		 table_watch_sockets_pin(port->role));
	for (uint32_t queue = 0; queue < port->nr_queues; queue++) {
		int r = port_start_queue(port, queue, map);

		if (r == 0)
			continue;
		log_write(LOG_ERR, "AF_XDP does not start.", log_string("interface", port->name),
			  log_number("queue", queue), log_error("error", r));
		return r;
	}
	return 0;
}

static const char *why_no_tap(int r)
{
	switch (r) {
	case -EINVAL:
		return "The interface beside a port must be a TAP: give the port another one.";
	case -EBUSY:
		return "Another process has the port's exception interface.";
	default:
		return "The port's exception interface cannot be opened.";
	}
}

/* The interface is the kernel's face of the device: of one link address. */
static int add_exception(struct port *port, const char *key, struct exceptions *exceptions)
{
	int r = exceptions_add(exceptions, port);

	if (r < 0) {
		log_write(LOG_ERR, why_no_tap(r), log_string("setting", key),
			  log_string("interface", port->name), log_error("error", r));
		return r;
	}
	r = tap_set_address(port->name, atomic_load(&port->link_addr));
	if (r < 0)
		log_write(LOG_ERR,
			  "The exception interface does not take the link address of its "
			  "port.",
			  log_string("setting", key), log_string("interface", port->name),
			  log_error("error", r));
	return r;
}

static int start_device(struct port *port, struct exceptions *exceptions)
{
	const char *key = port->role == SP_ROLE_BUILDS ? "builds.port" : "public.port";
	const char *why = "The device does not start.";
	int r = device_start(port, &why);

	if (r < 0) {
		log_write(LOG_ERR, why, log_string("setting", key),
			  log_string("port", port->devargs), log_string("interface", port->name),
			  log_number("mtu", atomic_load(&port->mtu)),
			  log_number("workers", port->nr_queues), log_error("error", r));
		return r;
	}
	r = add_exception(port, key, exceptions);
	if (r == 0)
		log_write(LOG_INFO, "DPDK drives a port: nothing else carries its packets.",
			  log_string("setting", key), log_string("port", port->devargs),
			  log_string("driver", device_driver_name(port)),
			  log_string("interface", port->name));
	return r;
}

int devices_start(struct port *port, const struct config *config, struct exceptions *exceptions)
{
	return port->devargs ? start_device(port, exceptions) : start_queues(port, config);
}

static void look_at_link(struct port *port)
{
	bool up = device_has_link(port);

	if (up == port->has_link)
		return;
	port->has_link = up;
	tap_set_carrier(port->exception->tap_fd, up);
	log_write(up ? LOG_INFO : LOG_WARNING,
		  up ? "The port has its link again." : "The port has lost its link.",
		  log_string("port", port->devargs), log_string("interface", port->name));
}

void devices_look(struct ports *ports, const struct table_map *table)
{
	for (uint32_t i = 0; i < ports->nr; i++) {
		if (ports->port[i].exception)
			look_at_link(&ports->port[i]);
		crew_look_at_port(table, &ports->port[i]);
	}
}

int devices_redial(struct ports *ports, struct crew *crew)
{
	struct port *dials[PORTS_MAX];
	uint32_t nr = 0;

	for (uint32_t i = 0; i < ports->nr; i++)
		if (ports->port[i].devargs && device_dials(&ports->port[i]))
			dials[nr++] = &ports->port[i];
	if (nr == 0)
		return 0;
	crew_stop(crew);
	for (uint32_t i = 0; i < nr; i++)
		device_redial(dials[i]);
	return crew_start(crew);
}

void devices_close(struct ports *ports)
{
	quiet_driver();
	for (uint32_t i = 0; i < ports->nr; i++)
		port_close(&ports->port[i]);
}
