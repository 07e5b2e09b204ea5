/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a configuration. One that is accepted must keep what its users build upon, and each
 * number as it stands there; one that is refused must say why and leave nothing behind.
 */
#include "host/config.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libconfig.h>

#include "host/addr.h"
#include "host/config_syntax.h"
#include "host/config_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig's grammar drops the strings of a file that it refuses; it is not ours to fix. */
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

/*
 * The text with an L behind each number, so that libconfig reads it whole, and with lists for
 * arrays, so that numbers and texts may mix. Result: to be freed.
 */
static char *write_whole(const char *text)
{
	struct config_scan scan = {text, 1};
	char *whole = malloc(2 * strlen(text) + 2), *at = whole;
	const char *from = text;

	assert(whole);
	for (;;) {
		struct config_token token = config_token_next(&scan);

		if (token.kind == CONFIG_TOKEN_END)
			break;
		at = mempcpy(at, from, (size_t)(scan.at - from));
		from = scan.at;
		if (token.kind == CONFIG_TOKEN_INTEGER && at[-1] != 'L')
			*at++ = 'L';
		if (token.kind == CONFIG_TOKEN_OPEN && at[-1] == '[')
			at[-1] = '(';
		if (token.kind == CONFIG_TOKEN_CLOSE && at[-1] == ']')
			at[-1] = ')';
	}
	strcpy(stpcpy(at, from), "\n");
	return whole;
}

static void check_number(const config_setting_t *setting, int64_t number)
{
	if (setting)
		assert(config_setting_get_int64(setting) == number);
}

/* Each public port that is a number is one of the ports that count. */
static void check_ports(const config_setting_t *ports, const struct config_public *address)
{
	for (int i = 0; ports && i < config_setting_length(ports); i++) {
		const config_setting_t *port = config_setting_get_elem(ports, (unsigned int)i);
		bool found = config_setting_type(port) == CONFIG_TYPE_STRING;

		for (uint32_t j = 0; j < address->nr_ports; j++)
			found |= address->ports[j].first == config_setting_get_int64(port) &&
				 address->ports[j].last == config_setting_get_int64(port);
		assert(found);
	}
}

static void check_members(const config_t *tree, const struct config *config)
{
	const config_setting_t *roles = config_lookup(tree, "api.roles");
	const config_setting_t *addresses = config_lookup(tree, "public.addresses");

	for (uint32_t i = 0; i < config->api.nr_roles && roles; i++)
		check_number(config_setting_get_member(config_setting_get_elem(roles, i), "uid"),
			     config->api.roles[i].uid);
	for (uint32_t i = 0; i < config->public.nr_addresses; i++)
		check_ports(
			config_setting_get_member(config_setting_get_elem(addresses, i), "ports"),
			&config->public.addresses[i]);
}

/* What libconfig reads when it cannot cut anything is what was taken, for every number. */
static void check_numbers(const struct config *config, const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1), *whole; /* data has no NUL at its end */
	config_t tree;
	uint32_t number;

	assert(text);
	memcpy(text, data, size);
	whole = write_whole(text);
	config_init(&tree);
	assert(config_read_string(&tree, whole));
	for (const struct config_option *option = config_options; option->key; option++) {
		if (option->type != CONFIG_INTEGER)
			continue;
		memcpy(&number, (const char *)config + option->offset, sizeof(number));
		check_number(config_lookup(&tree, option->key), number);
	}
	check_members(&tree, config);
	config_destroy(&tree);
	free(whole);
	free(text);
}

/* What is wrong with a text is said in our own words: libconfig refuses nothing that we take. */
static void check_error(const char *text)
{
	static const char *const theirs[] = {"syntax error", "duplicate setting name",
					     "mismatched element type in array",
					     "libconfig reads other values than stand here"};
	const char *problem = text + strlen("fuzz:");

	problem += strspn(problem, "0123456789: ");
	assert(strncmp(text, "fuzz:", 5) == 0);
	for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
		assert(strcmp(problem, theirs[i]) != 0);
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
		check_numbers(config, data, size);
	} else {
		assert(!config && errors.nr > 0 && errors.nr <= CONFIG_ERRORS_MAX);
		for (unsigned int i = 0; i < errors.nr; i++) {
			check_error(errors.error[i].text);
			assert(i == 0 || errors.error[i - 1].line <= errors.error[i].line);
		}
	}
	config_free(config);
	config_errors_free(&errors);
	return 0;
}
