// SPDX-License-Identifier: BSD-3-Clause
/* The machine itself: kernel, users, memory, cores, disk, clock, cloud. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "facts/fact.h"
#include "facts/files.h"
#include "facts/rows.h"
#include "facts/say.h"
#include "host/config.h"
#include "kernel/attach/probe.h"

#define DISK_LEAST_MIB	 64
#define HUGEPAGES_WANTED 512

void facts_host_kernel(struct fact_look *look)
{
	char *reason = NULL;

	if (geteuid() == 0 && attach_probe_features(&reason))
		facts_say(look, "%s. Boot Debian's kernel, 6.1 or later.",
			  reason ? reason : "This kernel lacks what XDP programs need");
	free(reason);
}

void facts_host_bpffs(struct fact_look *look)
{
	const char *bpf_dir = look->config->edge.bpf_dir;
	char word[2 * CONFIG_PATH_SIZE];

	if (attach_probe_is_bpffs(bpf_dir))
		return;
	facts_say(look, "edge.bpf_dir (%s) is not on a BPF file system.", bpf_dir);
	facts_say_cure(look, "mount -t bpf bpf %s",
		       facts_say_quote(attach_probe_bpffs_mount(bpf_dir), word, sizeof(word)));
}

static void look_for_group(struct fact_look *look, const char *key, const char *name)
{
	if (!*name || getgrnam(name))
		return;
	facts_say(look, "%s: there is no group \"%s\" on this host.", key, name);
	facts_say_cure(look, "groupadd --system %s", name);
}

void facts_host_users(struct fact_look *look)
{
	const struct config *config = look->config;

	look_for_group(look, "api.group", config->api.group);
	if (*config->api.viewer_socket)
		look_for_group(look, "api.viewer_group", config->api.viewer_group);
	for (uint32_t i = 0; i < config->api.nr_roles; i++) {
		const struct config_role *role = &config->api.roles[i];

		look_for_group(look, "api.roles", role->group);
		if (!*role->user || getpwnam(role->user))
			continue;
		facts_say(look, "api.roles: there is no user \"%s\" on this host.", role->user);
		facts_say_cure(look, "useradd --system --no-create-home %s", role->user);
	}
}

void facts_host_hugepages(struct fact_look *look)
{
	const struct config *config = look->config;

	if (config->dataplane.engine != SP_ENGINE_DPDK || !config->dataplane.hugepages ||
	    facts_files_number(look, "/proc/sys/vm/nr_hugepages") != 0)
		return;
	facts_say(look, "There are no hugepages, and dataplane.hugepages is true: sallyport-dp "
			"does without, and so without zero copy.");
	facts_say_cure(look, "sysctl -w vm.nr_hugepages=%u", HUGEPAGES_WANTED);
}

void facts_host_workers(struct fact_look *look)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (look->config->dataplane.engine == SP_ENGINE_DPDK &&
	    (long)look->config->dataplane.workers > cpus)
		facts_say(look,
			  "dataplane.workers is %u, and there are %ld cores. Write %ld in the "
			  "configuration.",
			  look->config->dataplane.workers, cpus, cpus);
}

void facts_host_disk(struct fact_look *look)
{
	const char *dir = look->config->edge.state_dir;
	struct statvfs disk;
	unsigned long long mib;

	if (statvfs(dir, &disk) < 0) {
		/* The first start makes it. */
		if (errno != ENOENT)
			facts_say(look, "%s: %s.", dir, strerror(errno));
		return;
	}
	mib = (unsigned long long)disk.f_bavail * disk.f_frsize >> 20;
	if (mib < DISK_LEAST_MIB)
		facts_say(look,
			  "%llu MiB are free for the journal in %s: on a full disk changes are "
			  "refused.",
			  mib, dir);
}

static bool comes_at_boot(const struct fact_look *look, const char *path)
{
	FILE *unit = facts_files_open(look, path);

	if (unit)
		fclose(unit);
	return unit != NULL;
}

/* An edge that comes back at boot, and nothing that waits for it. */
void facts_host_hold(struct fact_look *look)
{
	static const char wants[] = "/etc/systemd/system/multi-user.target.wants/%s.service";
	char control[96], hold[96];

	snprintf(control, sizeof(control), wants, "sallyportd");
	snprintf(hold, sizeof(hold), wants, "sallyport-hold");
	if (look->config->leases.hold_ns == 0 || !comes_at_boot(look, control) ||
	    comes_at_boot(look, hold))
		return;
	facts_say(look, "sallyport-hold is not enabled: at a reboot this host resets open sessions "
			"before sallyportd is there.");
	facts_say_cure(look, "systemctl enable sallyport-hold");
}

void facts_host_clock(struct fact_look *look)
{
	struct timex state = {0};

	if (adjtimex(&state) < 0 || !(state.status & STA_UNSYNC))
		return;
	facts_say(look, "The clock is not synchronised: after a reboot deadlines are moved by it, "
			"and events and records have its times.");
	facts_say_cure(look, "timedatectl set-ntp true");
}

/* An instance with several interfaces has the switch at each of them alone. */
static void cure_of_amazon(struct fact_look *look)
{
	const struct links_link *link = look->interface[look->nr_interfaces - 1].link;
	const unsigned char *mac = link ? link->mac : NULL;

	if (!mac)
		return;
	facts_say_cure(look,
		       "aws ec2 modify-network-interface-attribute --no-source-dest-check "
		       "--network-interface-id $(aws ec2 describe-network-interfaces --output text "
		       "--query 'NetworkInterfaces[].NetworkInterfaceId' --filters "
		       "Name=mac-address,Values=%02x:%02x:%02x:%02x:%02x:%02x "
		       "Name=attachment.instance-id,Values=$(cat "
		       "/sys/class/dmi/id/board_asset_tag))",
		       mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* Each drops what a VM sends from an address that is not its own, unless it is told not to. */
static const struct {
	const char *vendor; /* as DMI spells it, or begins */
	const char *says;
	void (*cure)(struct fact_look *look);
} clouds[] = {
	{"Amazon EC2",
	 "drops what this instance sends in others' names, which packets to VMs are (their source "
	 "is the client), unless the source/destination check of that interface is off",
	 cure_of_amazon},
	{"Google",
	 "drops what this instance sends in others' names, which packets to VMs are (their source "
	 "is the client), unless it was made with --can-ip-forward",
	 NULL},
	{"Hetzner",
	 "routes a private network by itself: VMs in it answer clients only if the network has a "
	 "route 0.0.0.0/0 to this server",
	 NULL},
	{"Microsoft Corporation",
	 "drops what this VM sends in others' names, which packets to VMs are (their source is the "
	 "client), unless IP forwarding is on at its network interface",
	 NULL},
};

void facts_host_cloud(struct fact_look *look)
{
	char vendor[128];

	if (!facts_files_line(look, "/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor)))
		return;
	for (unsigned int i = 0; i < sizeof(clouds) / sizeof(clouds[0]); i++) {
		if (strncmp(vendor, clouds[i].vendor, strlen(clouds[i].vendor)) != 0)
			continue;
		facts_say(look, "%s %s. That cannot be seen from here.", vendor, clouds[i].says);
		if (clouds[i].cure)
			clouds[i].cure(look);
	}
}
