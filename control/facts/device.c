// SPDX-License-Identifier: BSD-3-Clause
/* Ports that DPDK itself drives, and the interfaces beside them. */
#include <string.h>

#include "facts/fact.h"
#include "facts/rows.h"
#include "facts/say.h"
#include "host/config.h"
#include "host/config_questions.h"

static void say_absent(struct fact_look *look, const char *key, const char *address)
{

	facts_say(look,
		  "%s: there is no PCI device %s here: dpdk-devbind.py --status-dev net says which "
		  "there are.",
		  key, address);
	facts_say_cure_config(look);
}

static void say_not_for_dpdk(struct fact_look *look, const char *key,
			     const struct config_pci_device *device)
{
	facts_say(look,
		  "%s: the PCI device %s has %s%s, and DPDK reaches it by vfio-pci, or by "
		  "uio_pci_generic where there is no IOMMU. As an interface of the kernel it is "
		  "gone then.",
		  key, device->address, device->driver[0] ? "the driver " : "no driver",
		  device->driver);
	facts_say_cure(look, "modprobe vfio-pci && dpdk-devbind.py --bind=vfio-pci %s",
		       device->address);
}

static void look_at_pci(struct fact_look *look, const char *key, const char *port)
{
	struct config_pci_device device;

	if (!config_question_is_pci(port))
		return;
	switch (config_question_pci(look->site->root, port, &device)) {
	case CONFIG_PCI_READY:
		return;
	case CONFIG_PCI_ABSENT:
		say_absent(look, key, device.address);
		return;
	case CONFIG_PCI_UNBOUND:
	case CONFIG_PCI_KERNELS:
		say_not_for_dpdk(look, key, &device);
		return;
	}
}

void facts_device_unfit(struct fact_look *look)
{

	for (unsigned int i = 0; i < look->nr_interfaces; i++) {
		const struct fact_interface *interface = &look->interface[i];

		if (!interface->port[0])
			continue;
		look_at_pci(look, interface->public ? "public.port" : "builds.port",
			    interface->port);
		if (!interface->link || strcmp(interface->link->kind, "tun") == 0)
			continue;
		facts_say(look,
			  "%s: %s is no TAP, and beside a port it must be one (ip tuntap add dev "
			  "NAME mode tap).",
			  interface->key, interface->name);
		facts_say_cure_config(look);
	}
}
