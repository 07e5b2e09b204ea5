// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/device/device.h"

#include <errno.h>
#include <glob.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FEATURES_MOST 1024

/* Result: 0 or -errno. */
static int ask(const char *interface, unsigned long what, struct ifreq *request)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return -errno;
	snprintf(request->ifr_name, sizeof(request->ifr_name), "%s", interface);
	if (ioctl(fd, what, request) < 0)
		error = -errno;
	close(fd);
	return error;
}

static int ethtool(const char *interface, void *command)
{
	struct ifreq request = {.ifr_data = command};

	return ask(interface, SIOCETHTOOL, &request);
}

bool device_driver(const char *interface, char ret[DEVICE_DRIVER_SIZE])
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	if (ethtool(interface, &info) < 0)
		return false;
	snprintf(ret, DEVICE_DRIVER_SIZE, "%s", info.driver);
	return true;
}

bool device_channels(const char *interface, struct device_channels *ret)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};

	if (ethtool(interface, &channels) < 0)
		return false;
	*ret = (struct device_channels){
		.rx = channels.combined_count + channels.rx_count,
		.tx = channels.combined_count + channels.tx_count,
		.combined = channels.combined_count,
		.combined_max = channels.max_combined,
	};
	return true;
}

uint32_t device_sending(const char *interface)
{
	char path[64];
	glob_t queues;
	uint32_t nr = 0;

	snprintf(path, sizeof(path), "/sys/class/net/%.16s/queues/tx-*", interface);
	if (glob(path, GLOB_NOSORT, NULL, &queues) == 0)
		nr = (uint32_t)queues.gl_pathc;
	globfree(&queues);
	return nr;
}

unsigned int device_mtu(const char *interface)
{
	struct ifreq request = {0};

	return ask(interface, SIOCGIFMTU, &request) == 0 ? (unsigned int)request.ifr_mtu : 0;
}

int device_flags(const char *interface)
{
	struct ifreq request = {0};
	int error = ask(interface, SIOCGIFFLAGS, &request);

	return error ? error : (unsigned short)request.ifr_flags;
}

static uint32_t count_features(const char *interface)
{
	struct ethtool_sset_info *info = calloc(1, sizeof(*info) + sizeof(info->data[0]));
	uint32_t nr = 0;

	if (!info)
		return 0;
	info->cmd = ETHTOOL_GSSET_INFO;
	info->sset_mask = 1ull << ETH_SS_FEATURES;
	if (ethtool(interface, info) == 0 && info->sset_mask && info->data[0] <= FEATURES_MOST)
		nr = info->data[0];
	free(info);
	return nr;
}

/* Result: the bit of a feature, -1 if there is none of that name. */
static int find_feature(const char *interface, const char *feature, uint32_t nr)
{
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + nr * ETH_GSTRING_LEN);
	int bit = -1;

	if (!names)
		return -1;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = nr;
	if (ethtool(interface, names) == 0)
		for (uint32_t i = 0; i < nr && bit < 0; i++)
			if (strncmp((const char *)names->data + i * ETH_GSTRING_LEN, feature,
				    ETH_GSTRING_LEN) == 0)
				bit = (int)i;
	free(names);
	return bit;
}

static enum device_state state_of(const struct ethtool_get_features_block *block, uint32_t bit)
{
	if (!(block->active & bit))
		return DEVICE_OFF;
	return block->available & bit && !(block->never_changed & bit) ? DEVICE_ON
								       : DEVICE_ON_FIXED;
}

const struct device_merge device_merges[] = {
	{"rx-gro", "gro"},
	{"rx-lro", "lro"},
	{"rx-gro-hw", "rx-gro-hw"},
	{NULL, NULL},
};

enum device_state device_feature(const char *interface, const char *feature)
{
	uint32_t nr = count_features(interface), blocks = (nr + 31) / 32;
	int bit = nr ? find_feature(interface, feature, nr) : -1;
	enum device_state state = DEVICE_UNKNOWN;
	struct ethtool_gfeatures *features;

	if (bit < 0)
		return DEVICE_UNKNOWN;
	features = calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));
	if (!features)
		return DEVICE_UNKNOWN;
	features->cmd = ETHTOOL_GFEATURES;
	features->size = blocks;
	if (ethtool(interface, features) == 0)
		state = state_of(&features->features[bit / 32], 1u << bit % 32);
	free(features);
	return state;
}

int device_set_feature(const char *interface, const char *feature, bool on)
{
	uint32_t nr = count_features(interface), blocks = (nr + 31) / 32;
	int bit = nr ? find_feature(interface, feature, nr) : -1, error;
	struct ethtool_sfeatures *features;

	if (bit < 0)
		return -EOPNOTSUPP;
	features = calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));
	if (!features)
		return -ENOMEM;
	features->cmd = ETHTOOL_SFEATURES;
	features->size = blocks;
	features->features[bit / 32].valid = 1u << bit % 32;
	features->features[bit / 32].requested = on ? 1u << bit % 32 : 0;
	error = ethtool(interface, features);
	free(features);
	return error;
}
