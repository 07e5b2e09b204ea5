// SPDX-License-Identifier: BSD-3-Clause
/* What the devices and their drivers do with XDP. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sallyport/table_host.h>

#include <sallyport/decide.h>

#include "facts/channels.h"
#include "facts/fact.h"
#include "facts/rows.h"
#include "facts/say.h"
#include "host/config.h"
#include "kernel/attach/attach.h"
#include "kernel/attach/link.h"
#include "kernel/attach/look.h"
#include "kernel/attach/program.h"
#include "kernel/device/device.h"
#include "kernel/device/xdp.h"

/* Only root is told whose a program is. */
static bool look_at_program(const struct fact_look *look, const struct fact_interface *interface,
			    struct kernel_interface *ret)
{
	struct attach_target target = {
		.role = interface->public ? SP_ROLE_PUBLIC : SP_ROLE_BUILDS,
	};

	if (!interface->link || geteuid() != 0)
		return false;
	target.ifindex = interface->link->ifindex;
	attach_look(look->config->edge.bpf_dir, &target, ret);
	return ret->prog_id != 0;
}

/* It may carry for a sallyportd that runs: nothing of it is taken away. */
static void say_other_edge(struct fact_look *look, const char *name, uint32_t prog_id)
{
	facts_say(look,
		  "%s carries for another sallyportd, or for this one with another "
		  "edge.bpf_dir than %s (program %u).",
		  name, look->config->edge.bpf_dir, prog_id);
	facts_say_cure(look, "bpftool -f map show name " SP_PIN_META);
}

void facts_nic_foreign(struct fact_look *look)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];
		struct kernel_interface found;
		uint32_t link_id;

		if (!look_at_program(look, interface, &found) || !found.foreign)
			continue;
		if (attach_program_is_sallyport(found.prog_id)) {
			say_other_edge(look, interface->name, found.prog_id);
			continue;
		}
		link_id = attach_link_holding(interface->link->ifindex, found.prog_id);
		facts_say(look,
			  "%s has somebody else's XDP program: %s, id %u. One device takes one "
			  "alone.",
			  interface->name, found.prog_name, found.prog_id);
		if (link_id)
			facts_say_cure(look, "bpftool link detach id %u", link_id);
		else
			facts_say_cure(look, "ip link set dev %s %s off", interface->shell,
				       found.native ? "xdpdrv" : "xdpgeneric");
	}
}

static void say_too_many(struct fact_look *look, const struct fact_interface *interface,
			 const struct device_channels *channels, uint32_t nr)
{
	facts_say(look, "%s receives by %u queues; sallyport-dp reads at most %u.", interface->name,
		  nr, SP_QUEUES_MAX);
	if (!channels->rx) /* a bond: those of its ports */
		return;
	facts_say_cure(look, "ethtool -L %s %s %u", interface->shell,
		       channels->combined ? "combined" : "rx", SP_QUEUES_MAX);
}

/* Each worker reads a queue of its own, of each interface. */
static void say_too_few(struct fact_look *look, const struct fact_interface *interface,
			const struct device_channels *channels, uint32_t nr)
{
	uint32_t workers = look->config->dataplane.workers;

	if (workers <= channels->combined_max && channels->rx == channels->combined) {
		facts_say(look,
			  "%s receives by %u %s, and dataplane.workers is %u: sallyport-dp does "
			  "not start with fewer queues than workers.",
			  interface->name, nr, nr == 1 ? "queue" : "queues", workers);
		facts_say_cure(look, "ethtool -L %s combined %u", interface->shell, workers);
		return;
	}
	facts_say(look,
		  "%s receives by %u %s, and dataplane.workers is %u: sallyport-dp does not start "
		  "with fewer queues than workers. Write dataplane.workers = %u.",
		  interface->name, nr, nr == 1 ? "queue" : "queues", workers, nr);
	facts_say_cure_config(look);
}

/* As sallyport-dp counts them: a bond that does not say has as many as the port with the most. */
static uint32_t count_queues(const struct fact_look *look, const struct links_link *link,
			     const struct device_channels *channels)
{
	struct device_channels below;
	uint32_t most = 0;

	if (channels->rx)
		return channels->rx;
	for (unsigned int i = 0; strcmp(link->kind, "bond") == 0 && i < look->links.nr; i++)
		if (look->links.link[i].master == link->ifindex &&
		    device_channels(look->links.link[i].name, &below) && below.rx > most)
			most = below.rx;
	return most ? most : 1;
}

void facts_nic_queues(struct fact_look *look)
{
	if (look->config->dataplane.engine != SP_ENGINE_DPDK)
		return;
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];
		struct device_channels channels = {0};
		uint32_t nr;

		if (interface->port[0] || !interface->link)
			continue;
		device_channels(interface->name, &channels);
		nr = count_queues(look, interface->link, &channels);
		if (nr > SP_QUEUES_MAX)
			say_too_many(look, interface, &channels, nr);
		else if (look->config->dataplane.workers > nr)
			say_too_few(look, interface, &channels, nr);
	}
}

static void say_none_spare(struct fact_look *look, const char *name, const char *driver,
			   const struct device_channels *channels, uint32_t cpus)
{
	facts_say(
		look,
		"%s has %u queues, and %s wants %u besides, one for each CPU, for what programs "
		"send: CPUs share those that there are, behind a lock. Its hypervisor may give it "
		"more (qemu: queues=%u, vectors=%u).",
		name, channels->combined_max, driver, cpus, 2 * cpus, 4 * cpus + 2);
}

static void say_used(struct fact_look *look, const struct fact_interface *interface,
		     const struct device_channels *channels, uint32_t most)
{
	bool runs = interface->link->native_prog;
	char cure[256];

	facts_say(
		look,
		"%s uses %u of its %u queues, and its driver runs programs natively at full speed, "
		"or at all, only with %u of them free for what those send.%s",
		interface->name, channels->tx, channels->combined_max,
		channels->combined_max - most, runs ? " " FACTS_ANEW_ENDS : "");
	snprintf(cure, sizeof(cure), "ethtool -L %s combined %u%s", interface->shell, most,
		 runs ? " && " : "");
	if (runs)
		facts_say_cure_anew(look, cure);
	else
		facts_say_cure(look, "%s", cure);
}

/* Some drivers keep queues of their own for what a program sends. */
void facts_nic_spare_queues(struct fact_look *look)
{
	uint32_t cpus = (uint32_t)sysconf(_SC_NPROCESSORS_CONF);

	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];
		struct device_channels channels;
		char driver[DEVICE_DRIVER_SIZE];
		uint32_t most;

		if (!interface->link || !device_driver(interface->name, driver) ||
		    !device_channels(interface->name, &channels))
			continue;
		most = facts_channels_most(driver, &channels, cpus);
		/* The kernel's count: with a program a driver may show its queues among the others.
		 */
		channels.tx = device_sending(interface->name);
		if (most == 0)
			say_none_spare(look, interface->name, driver, &channels, cpus);
		else if (channels.tx > most)
			say_used(look, interface, &channels, most);
	}
}

/* One takes what drivers send to it only while its peer collects packets (ndo_xdp_xmit). */
static bool is_veth_without_gro(const struct fact_interface *interface)
{
	struct device_xdp xdp;

	return interface->link && strcmp(interface->link->kind, "veth") == 0 &&
	       device_xdp(interface->link->ifindex, &xdp) && !xdp.receives;
}

static const struct fact_interface *find_veth_without_gro(const struct fact_look *look)
{
	for (unsigned int i = 0; look->nr_interfaces == 2 && i < look->nr_interfaces; i++)
		if (is_veth_without_gro(&look->interface[i]))
			return &look->interface[i];
	return NULL;
}

#define VETH_WANTS                                                                                 \
	"%s is a veth, and takes packets of another driver only while its peer has GRO on "        \
	"(ethtool -K PEER gro on, where the peer is)"

/* Both are in one mode; what is found of one of them is not said of each. */
static void say_in_generic(struct fact_look *look)
{
	const struct fact_interface *first = &look->interface[0];
	const struct fact_interface *last = &look->interface[look->nr_interfaces - 1];
	const struct fact_interface *veth = find_veth_without_gro(look);
	char drivers[2][DEVICE_DRIVER_SIZE] = {"unknown", "unknown"};
	char cause[320] = "";
	bool one = first == last || !first->link || !first->link->generic_prog || !last->link ||
		   !last->link->generic_prog;

	if (one && !(first->link && first->link->generic_prog))
		first = last;
	device_driver(first->name, drivers[0]);
	device_driver(last->name, drivers[1]);
	if (veth)
		snprintf(cause, sizeof(cause),
			 " " VETH_WANTS ": once it has, do as below. " FACTS_ANEW_ENDS, veth->name);
	if (one)
		facts_say(look,
			  "The program on %s (driver %s) is in generic mode: the kernel copies "
			  "each packet first.%s",
			  first->name, drivers[0], cause);
	else
		facts_say(look,
			  "The programs on %s and %s (drivers %s and %s) are in generic mode: the "
			  "kernel copies each packet first.%s",
			  first->name, last->name, drivers[0], drivers[1], cause);
	if (veth)
		facts_say_cure_anew(look, "");
}

static bool is_in_generic(const struct fact_look *look)
{
	for (unsigned int i = 0; i < look->nr_interfaces; i++)
		if (look->interface[i].link && look->interface[i].link->generic_prog)
			return true;
	return false;
}

/* Before a start. */
static void say_will_be_generic(struct fact_look *look)
{
	const struct fact_interface *veth = find_veth_without_gro(look);

	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];
		char driver[DEVICE_DRIVER_SIZE] = "unknown";
		struct device_xdp xdp;

		if (!interface->link || interface->link->native_prog)
			continue;
		device_driver(interface->name, driver);
		if (device_xdp(interface->link->ifindex, &xdp) && !xdp.native)
			facts_say(look,
				  "The driver of %s, %s, has no native XDP as it is set up now: "
				  "both interfaces will be in generic mode, where the kernel "
				  "copies each packet first.",
				  interface->name, driver);
		else if (interface == veth)
			facts_say(look,
				  VETH_WANTS
				  ": else both interfaces will be in generic mode, where "
				  "the kernel copies each packet first.",
				  interface->name);
	}
}

void facts_nic_generic(struct fact_look *look)
{
	if (is_in_generic(look))
		say_in_generic(look);
	else
		say_will_be_generic(look);
}

/* A native program's packets go only to a device that takes them from a driver. */
void facts_nic_mixed(struct fact_look *look)
{
	for (unsigned int i = 0; look->nr_interfaces == 2 && i < 2; i++) {
		const struct fact_interface *from = &look->interface[i];
		const struct fact_interface *to = &look->interface[!i];
		struct device_xdp xdp;

		if (!from->link || !to->link || !from->link->native_prog || to->link->native_prog ||
		    !device_xdp(to->link->ifindex, &xdp) || xdp.receives)
			continue;
		facts_say(look,
			  "%s runs its program natively, and %s takes no packets from another "
			  "driver: what goes from one to the other is lost and counted as "
			  "forwarded. " FACTS_ANEW_ENDS,
			  from->name, to->name);
		facts_say_cure_anew(look, "");
	}
}

enum bond_program {
	BOND_NONE, /* no bond, or its program runs on itself */
	BOND_BELOW,
	BOND_UNTOLD, /* a kernel before 6.3 does not tell before it has tried */
};

/* Result: where a bond runs its program, or will. */
static enum bond_program bond_program(const struct fact_interface *interface)
{
	struct device_xdp xdp;

	if (!interface->link || strcmp(interface->link->kind, "bond") != 0 ||
	    interface->link->generic_prog)
		return BOND_NONE;
	if (interface->link->native_prog)
		return BOND_BELOW;
	if (!device_xdp(interface->link->ifindex, &xdp))
		return BOND_UNTOLD;
	return xdp.native ? BOND_BELOW : BOND_NONE;
}

static void say_bonds(struct fact_look *look, enum bond_program program, const char *where)
{

	if (look->config->dataplane.engine != SP_ENGINE_DPDK)
		return;
	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const char *name = look->interface[i].name;

		if (bond_program(&look->interface[i]) != program)
			continue;
		facts_say(look,
			  "%s is a bond: %s its program runs on them, and what comes by them "
			  "reaches no socket of sallyport-dp on %s. Use dataplane.engine = "
			  "\"xdp\".",
			  name, where, name);
		facts_say_cure_config(look);
	}
}

/* AF_XDP compares the device that a packet came by with the one that the socket is bound to. */
void facts_nic_bond(struct fact_look *look)
{
	say_bonds(look, BOND_BELOW, "its ports take programs natively, so");
}

void facts_nic_bond_untold(struct fact_look *look)
{
	say_bonds(look, BOND_UNTOLD,
		  "if its ports take programs natively, which this kernel does "
		  "not tell before,");
}
