/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a configuration. One that is accepted must keep what its users build upon; one that
 * is refused must say why and leave nothing behind.
 */
#include "host/config.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/addr.h"
#include "host/config_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig's grammar drops the strings of a file that it refuses; it is not ours to mend. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}

static void check_public(const struct config *config, uint32_t index)
{
	const struct config_public *address = &config->public.addresses[index];

	assert(address->nr_ports >= 1 && address->nr_ports <= CONFIG_RANGES_MAX);
	assert(address->advertise[0] && memchr(address->advertise, 0, CONFIG_HOST_SIZE));
	for (uint32_t i = 0; i < address->nr_ports; i++) {
		assert(address->ports[i].first >= 1);
		assert(address->ports[i].first <= address->ports[i].last);
		assert(i == 0 || address->ports[i - 1].last < address->ports[i].first);
	}
	for (uint32_t i = 0; i < index; i++)
		assert(!sp_addr_equal(&address->bind, &config->public.addresses[i].bind));
	for (uint32_t i = 0; i < config->builds.nr_networks; i++)
		assert(!sp_prefix_contains(&config->builds.networks[i], &address->bind));
}

static void check_config(const struct config *config)
{
	struct config_changes changes;

	assert(config->public.nr_addresses >= 1 && config->public.nr_addresses <= SP_PUBLICS_MAX);
	assert(config->builds.nr_networks >= 1 && config->builds.nr_networks <= SP_NETWORKS_MAX);
	assert(config->dataplane.workers >= 1 && config->dataplane.workers <= SP_WORKERS_MAX);
	assert(config->dataplane.nr_eal <= CONFIG_EAL_MAX);
	assert(config->api.nr_roles <= CONFIG_ROLES_MAX);
	assert(config->public.interface[0] && config->builds.interface[0]);
	assert(config->edge.bpf_dir[0] == '/' && config->api.socket[0] == '/');
	assert(config->leases.max_lifetime_ns > 0);
	for (uint32_t i = 0; i < config->public.nr_addresses; i++)
		check_public(config, i);
	config_diff(config, config, &changes);
	assert(changes.nr == 0);
}

/* The same bytes give the same configuration, byte for byte where it counts. */
static void check_again(const struct config *config, const uint8_t *data, size_t size)
{
	struct config_errors errors = {0};
	struct config_changes changes;
	struct config *again = NULL;
	int r = config_load_text("fuzz", (const char *)data, size, &again, &errors);

	assert(r == 0);
	config_diff(config, again, &changes);
	assert(changes.nr == 0);
	config_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_errors errors = {0};
	struct config *config = NULL;
	int r = config_load_text("fuzz", (const char *)data, size, &config, &errors);

	if (r == 0) {
		assert(errors.nr == 0);
		check_config(config);
		check_again(config, data, size);
	} else {
		assert(!config && errors.nr > 0 && errors.nr <= CONFIG_ERRORS_MAX);
		for (unsigned int i = 0; i < errors.nr; i++)
			assert(strncmp(errors.error[i].text, "fuzz:", 5) == 0 &&
			       (i == 0 || errors.error[i - 1].line <= errors.error[i].line));
	}
	config_free(config);
	config_errors_free(&errors);
	return 0;
}
