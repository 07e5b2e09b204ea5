/* SPDX-License-Identifier: BSD-3-Clause */
#include "host.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agenda.h"
#include "api/server.h"
#include "chance.h"
#include "edge/config.h"
#include "edge/edge.h"
#include "fleet/edges/owed.h"
#include "fleet/parts.h"
#include "fleet/state/fleet.h"
#include "fleet/state/roll.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/table_map.h"
#include "http/socket.h"
#include "journal/journal.h"
#include "loop.h"
#include "model/build.h"
#include "table/quiesce.h"

struct sim_host {
	const struct sim_hosts *hosts;
	unsigned int index;
	char directory[128];
	struct config *config;
	struct model_settings settings;
	struct sim_clock clock;
	struct table_map *table;
	struct journal *journal;
	unsigned int nr_boots;
	bool on;
	/* sallyportd */
	struct edge *edge; /* that of one that was killed stays, to look at */
	sd_event *daemon_event;
	struct quiescer *quiescer;
	struct api *api;
	sd_event_source *deadline;
	/* sallyport-fleet */
	sd_event *fleet_event;
	struct fleet_parts *parts;
};

static const char config_format[] =
	"edge: { name = \"e%u\"; state_dir = \"%s\"; run_dir = \"%s\"; bpf_dir = "
	"\"/sys/fs/bpf/sim\"; };\n"
	"public: { interface = \"eth0\"; addresses = ( { bind = \"192.0.2.1\"; ports = [ "
	"\"20000-%u\" ]; } ); };\n"
	"builds: { interface = \"eth1\"; networks = [ \"10.0.0.0/8\" ]; };\n"
	"leases: { quarantine = \"%us\"; };\n"
	"limits: { builds = %u; };\n"
	"api: { socket = \"%s/api.sock\"; };\n"
	"fleet: { etcd = [ \"http://10.255.0.0:2379\", \"http://10.255.0.1:2379\", "
	"\"http://10.255.0.2:2379\" ]; socket = \"%s/fleet.sock\"; };\n";

static void load_config(struct sim_host *host)
{
	const struct sim_hosts *hosts = host->hosts;
	struct config_errors errors = {0};
	char *text;
	int bytes = asprintf(&text, config_format, host->index, host->directory, host->directory,
			     20000 + hosts->nr_ports - 1, hosts->quarantine_s, hosts->builds,
			     host->directory, host->directory);

	if (config_load_text("sim.conf", text, (size_t)bytes, &host->config, &errors) < 0) {
		config_errors_print(&errors, stdout);
		abort();
	}
	config_errors_free(&errors);
	free(text);
	edge_config_read(host->config, &host->settings);
}

static void make_table(struct sim_host *host)
{
	struct sp_meta meta = {0};
	int error;

	table_meta_init(&meta);
	meta.nr_publics = 1;
	meta.nr_buckets = host->hosts->nr_buckets;
	meta.nr_allow = 8;
	meta.nr_usage = 128;
	while (meta.nr_usage < host->hosts->nr_ports)
		meta.nr_usage *= 2;
	meta.nr_cpus = 1;
	meta.nr_workers = 1;
	meta.hash_seed = 7;
	error = table_map_alloc(&meta, &host->table);
	assert(!error);
}

static void clear_table(struct sim_host *host)
{
	struct table_map *table = host->table;

	memset(table->leases, 0, table->nr_slots * sizeof(struct sp_slot));
	memset(table->endpoints, 0, table->nr_buckets * sizeof(struct sp_bucket));
	memset(table->allow, 0, table->nr_allow * sizeof(struct sp_allow));
}

static void name_boot(struct sim_host *host)
{
	char boot_id[CLOCK_BOOT_ID_SIZE];

	snprintf(boot_id, sizeof(boot_id), "boot-%u", host->nr_boots);
	journal_set_boot_id(host->journal, boot_id);
}

struct sim_host *sim_host_new(const struct sim_hosts *hosts, unsigned int index)
{
	struct sim_host *host = calloc(1, sizeof(*host));
	char *reason;
	int error;

	assert(host);
	host->hosts = hosts;
	host->index = index;
	snprintf(host->directory, sizeof(host->directory), "%s/%u", hosts->directory, index);
	mkdir(host->directory, 0700);
	host->clock.booted_ns = sim_agenda_now_ns() - sim_chance_below(1000) * NS_PER_S;
	load_config(host);
	make_table(host);
	sim_clock_enter(&host->clock);
	error = journal_open(":memory:", &host->journal, &reason);
	assert(!error);
	name_boot(host);
	sim_clock_enter(NULL);
	host->on = true;
	sim_host_start_daemon(host);
	sim_host_start_fleet(host);
	return host;
}

static void drop_edge(struct sim_host *host)
{
	edge_free(host->edge);
	host->edge = NULL;
}

static void remove_file(const struct sim_host *host, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", host->directory, name);
	unlink(path);
}

void sim_host_free(struct sim_host *host)
{
	if (!host)
		return;
	sim_host_kill_fleet(host);
	sim_host_kill_daemon(host);
	drop_edge(host);
	journal_close(host->journal);
	table_map_free(host->table);
	config_free(host->config);
	remove_file(host, "fleet-owed.json");
	remove_file(host, "fleet-edge.json");
	rmdir(host->directory);
	free(host);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *context)
{
	return 0;
}

/* As daemon/loop.c has it. */
static void on_post(void *context)
{
	struct sim_host *host = context;
	struct instant now;
	bool removed = false;
	uint64_t next_ns;

	if (!host->api)
		return;
	model_clock_read(&now);
	next_ns = edge_expire(host->edge, &now, &removed);
	if (removed)
		api_server_confirm_removal(host->api);
	api_server_notify(host->api);
	if (next_ns == UINT64_MAX) {
		sd_event_source_set_enabled(host->deadline, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(host->deadline, next_ns / NS_PER_US + 1);
	sd_event_source_set_enabled(host->deadline, SD_EVENT_ONESHOT);
}

static void on_stuck(void *context, bool by_worker)
{
}

static void on_refused(void *context, enum problem_type type, const char *detail)
{
}

static void make_edge(struct sim_host *host)
{
	struct problem problem = {0};
	struct instant now;
	int error;

	drop_edge(host);
	error = edge_new(&host->settings, host->journal, host->table, sim_chance_below(1 << 30),
			 &host->edge);
	assert(!error);
	model_clock_read(&now);
	error = edge_replay(host->edge, &now, &problem);
	if (error) {
		printf("# replay: %s\n", problem.detail);
		abort();
	}
}

static void open_api(struct sim_host *host)
{
	struct api_options options = {
		.event = host->daemon_event,
		.config = host->config,
		.edge = host->edge,
		.table = host->table,
		.quiescer = host->quiescer,
		.stuck = on_stuck,
		.refused = on_refused,
		.fds = {-1, -1, -1},
		.context = host,
	};
	char *reason;
	int error = http_socket_unix(host->config->api.socket,
				     (struct http_socket_access){HTTP_SOCKET_KEEP_GROUP, 0600},
				     &options.fds[API_DOOR_MAIN]);

	assert(!error);
	error = api_server_open(&options, &host->api, &reason);
	assert(!error);
}

void sim_host_start_daemon(struct sim_host *host)
{
	const struct sim_process process = {&host->clock, (int)host->index, on_post, host};
	int error;

	if (!host->on || host->api)
		return;
	host->daemon_event = sim_loop_new(&process);
	sim_loop_enter(host->daemon_event);
	error = table_quiesce_new(host->table, &host->quiescer);
	assert(!error);
	make_edge(host);
	sd_event_add_time(host->daemon_event, &host->deadline, CLOCK_BOOTTIME, 0, 1, on_deadline,
			  host);
	open_api(host);
	sim_loop_leave(host->daemon_event);
}

void sim_host_kill_daemon(struct sim_host *host)
{
	struct api *api = host->api;

	if (!api)
		return;
	host->api = NULL;
	sim_clock_enter(&host->clock);
	edge_expire_stop(host->edge);
	api_server_close(api);
	host->deadline = sd_event_source_disable_unref(host->deadline);
	table_quiesce_free(host->quiescer);
	sim_clock_enter(NULL);
	sim_loop_free(host->daemon_event);
}

void sim_host_start_fleet(struct sim_host *host)
{
	const struct sim_process process = {&host->clock, (int)host->index, NULL, NULL};
	int error;

	if (!host->on || host->parts)
		return;
	host->fleet_event = sim_loop_new(&process);
	sim_loop_enter(host->fleet_event);
	error = fleet_parts_open(host->fleet_event, host->config, &host->parts);
	assert(!error);
	sim_loop_leave(host->fleet_event);
}

void sim_host_kill_fleet(struct sim_host *host)
{
	if (!host->parts)
		return;
	sim_clock_enter(&host->clock);
	fleet_parts_close(host->parts);
	host->parts = NULL;
	sim_clock_enter(NULL);
	sim_loop_free(host->fleet_event);
}

void sim_host_power_off(struct sim_host *host)
{
	sim_host_kill_fleet(host);
	sim_host_kill_daemon(host);
	drop_edge(host);
	clear_table(host);
	host->on = false;
}

void sim_host_power_on(struct sim_host *host)
{
	if (host->on)
		return;
	host->on = true;
	host->clock.booted_ns = sim_agenda_now_ns();
	host->nr_boots++;
	name_boot(host);
	sim_host_start_daemon(host);
	sim_host_start_fleet(host);
}

bool sim_host_is_on(const struct sim_host *host)
{
	return host->on;
}

bool sim_host_has_daemon(const struct sim_host *host)
{
	return host->api != NULL;
}

bool sim_host_has_fleet(const struct sim_host *host)
{
	return host->parts != NULL;
}

struct sim_clock *sim_host_clock(struct sim_host *host)
{
	return &host->clock;
}

const char *sim_host_name(const struct sim_host *host)
{
	return host->config->edge.name;
}

const char *sim_host_socket(const struct sim_host *host)
{
	return host->config->fleet.socket;
}

const char *sim_host_door(const struct sim_host *host)
{
	return host->config->api.socket;
}

struct edge *sim_host_edge(const struct sim_host *host)
{
	return host->on ? host->edge : NULL;
}

const char *sim_host_lack(const struct sim_host *host)
{
	const char *lack = "its processes do not run";

	if (!host->parts || !host->api)
		return lack;
	sim_clock_enter(&host->clock);
	lack = state_roll_lack(fleet_parts_fleet(host->parts));
	sim_clock_enter(NULL);
	return lack;
}

/* Whatever sallyportd thinks: by the slot, as the engines do. */
bool sim_host_carries(const struct sim_host *host, const struct build *build)
{
	const struct forward *forward = &build->nodes[0].forwards[0];
	const struct sp_slot *slot;

	if (!host->on || !build->nodes[0].has_address ||
	    forward->slot_index >= host->table->nr_slots)
		return false;
	slot = &host->table->leases[forward->slot_index];
	return slot->state == SP_SLOT_LIVE && slot->deadline_ns > sim_clock_boot_ns(&host->clock) &&
	       memcmp(&slot->vm_addr, &build->nodes[0].address, sizeof(slot->vm_addr)) == 0;
}

uint64_t sim_host_changes(const struct sim_host *host)
{
	struct edge_figures figures;
	uint64_t nr = 0;

	if (!host->edge)
		return 0;
	edge_figures(host->edge, &figures);
	for (unsigned int i = 0; i < EVENT_TYPES_NR; i++)
		nr += figures.told[i];
	return nr;
}

bool sim_host_ignores(const struct sim_host *host, const char *id)
{
	return host->parts && edges_owed_ignores(fleet_parts_fleet(host->parts)->owed, id);
}
