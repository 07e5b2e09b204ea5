/* SPDX-License-Identifier: BSD-3-Clause */
/* What doctor looks at on the host: interfaces, addresses, forwarding, memory, disk. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/doctor/checks.h"
#include "cli/doctor/finding.h"
#include "host/addr.h"
#include "host/config.h"
#include "kernel/netlink/netlink.h"

#define DISK_LEAST_MIB 64

/* Result: the whole number in a file of /proc, -1 if there is none. */
static long read_number(const char *path)
{
	FILE *in = fopen(path, "re");
	long number;

	if (!in)
		return -1;
	if (fscanf(in, "%ld", &number) != 1)
		number = -1;
	fclose(in);
	return number;
}

/* Asks the kernel about an interface. Result: whether it answered. */
static bool ask(unsigned long what, struct ifreq *request)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

	if (sock < 0)
		return false;
	r = ioctl(sock, what, request);
	close(sock);
	return r == 0;
}

static bool is_veth(const char *interface)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq request = {.ifr_data = (void *)&info};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return ask(SIOCETHTOOL, &request) && strcmp(info.driver, "veth") == 0;
}

static bool is_running(const char *interface)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return ask(SIOCGIFFLAGS, &request) && (request.ifr_flags & IFF_UP) &&
	       (request.ifr_flags & IFF_RUNNING);
}

static void check_interface(struct doctor *doctor, const char *interface)
{
	char path[64];

	if (if_nametoindex(interface) == 0) {
		doctor_finding_say(doctor, "interface", DOCTOR_FAILURE,
				   "There is no interface %s here.", interface);
		return;
	}
	if (!is_running(interface))
		doctor_finding_say(doctor, "interface", DOCTOR_FAILURE,
				   "%s is down or has no carrier.", interface);
	else
		doctor_finding_say(doctor, "interface", DOCTOR_OK, "%s is there.", interface);
	if (is_veth(interface))
		doctor_finding_say(
			doctor, "interface", DOCTOR_NOTE,
			"%s is a veth: what is behind it must send whole checksums (ethtool -K "
			"DEV tx off), and its peer needs GRO (ethtool -K PEER gro on).",
			interface);
	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/forwarding", interface);
	if (read_number(path) == 1)
		doctor_finding_say(
			doctor, "forwarding", DOCTOR_WARNING,
			"%s forwards: this host routes between its interfaces by itself, past "
			"every lease. sallyport needs no forwarding of it.",
			interface);
}

static bool carries_v6(const struct config *config)
{
	for (unsigned int i = 0; i < config->public.nr_addresses; i++)
		if (addr_family(&config->public.addresses[i].bind) == 6)
			return true;
	return false;
}

static void check_loopback(struct doctor *doctor)
{
	static const char *const paths[] = {"/proc/sys/net/ipv4/conf/lo/forwarding",
					    "/proc/sys/net/ipv6/conf/lo/forwarding"};
	bool off = false;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (read_number(paths[i]) != 0 || (i == 1 && !carries_v6(doctor->config)))
			continue;
		doctor_finding_say(
			doctor, "forwarding", DOCTOR_FAILURE,
			"%s is 0: the XDP program is given no next hop. sallyportd sets it at "
			"its start.",
			paths[i]);
		off = true;
	}
	if (!off)
		doctor_finding_say(doctor, "forwarding", DOCTOR_OK,
				   "The loopback forwards, so that the kernel names next hops.");
}

static void check_addresses(struct doctor *doctor)
{
	for (unsigned int i = 0; doctor->netlink && i < doctor->config->public.nr_addresses; i++) {
		const struct config_public *address = &doctor->config->public.addresses[i];
		char text[ADDR_TEXT_BYTES];

		addr_format(&address->bind, text);
		if (netlink_has_addr(doctor->netlink, &address->bind))
			doctor_finding_say(doctor, "address", DOCTOR_OK, "%s is this host's.",
					   text);
		else
			doctor_finding_say(
				doctor, "address", DOCTOR_FAILURE,
				"%s is not this host's: nobody answers for it. ip addr add "
				"%s/%u dev %s",
				text, text, addr_family(&address->bind) == 4 ? 32 : 128,
				doctor->config->public.interface);
	}
}

static void check_hugepages(struct doctor *doctor)
{
	if (doctor->config->dataplane.engine != SP_ENGINE_DPDK ||
	    !doctor->config->dataplane.hugepages)
		return;
	if (read_number("/proc/sys/vm/nr_hugepages") > 0)
		doctor_finding_say(doctor, "hugepages", DOCTOR_OK, "There are some.");
	else
		doctor_finding_say(doctor, "hugepages", DOCTOR_FAILURE,
				   "There are none, and dataplane.hugepages is true. sysctl "
				   "vm.nr_hugepages=512, or dataplane.hugepages = false");
}

static void check_workers(struct doctor *doctor)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (doctor->config->dataplane.engine == SP_ENGINE_DPDK &&
	    (long)doctor->config->dataplane.workers > cpus)
		doctor_finding_say(doctor, "workers", DOCTOR_FAILURE,
				   "dataplane.workers is %u, and there are %ld cores.",
				   doctor->config->dataplane.workers, cpus);
}

static void check_disk(struct doctor *doctor)
{
	const char *dir = doctor->config->edge.state_dir;
	struct statvfs disk;
	unsigned long long mib;

	if (statvfs(dir, &disk) < 0) {
		doctor_finding_say(doctor, "disk", DOCTOR_FAILURE, "%s: %s", dir, strerror(errno));
		return;
	}
	mib = (unsigned long long)disk.f_bavail * disk.f_frsize >> 20;
	doctor_finding_say(doctor, "disk", mib < DISK_LEAST_MIB ? DOCTOR_WARNING : DOCTOR_OK,
			   "%llu MiB are free for the journal in %s%s", mib, dir,
			   mib < DISK_LEAST_MIB ? ": on a full disk changes are refused." : ".");
}

void doctor_host_check(struct doctor *doctor)
{
	const struct config *config = doctor->config;

	check_interface(doctor, config->public.interface);
	if (strcmp(config->public.interface, config->builds.interface) != 0)
		check_interface(doctor, config->builds.interface);
	check_loopback(doctor);
	check_addresses(doctor);
	check_hugepages(doctor);
	check_workers(doctor);
	check_disk(doctor);
}
