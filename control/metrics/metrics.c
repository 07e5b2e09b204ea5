/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics/metrics.h"

#include <inttypes.h>

#include <sallyport/table_host.h>

#include <sallyport/compiler.h>
#include <sallyport/decide.h>

#include "edge/edge.h"
#include "explain/explain.h"
#include "host/addr.h"
#include "host/log.h"
#include "host/seq_file.h"
#include "host/table_map.h"
#include "metrics/fleet.h"
#include "metrics/process.h"
#include "metrics/requests.h"
#include "metrics/workers.h"
#include "model/event.h"
#include "model/ports.h"
#include "table/counters.h"
#include "watch/watch.h"

/* All that one exposition is made from, gathered once. */
struct sample {
	const struct metrics_source *source;
	struct edge_figures figures;
	struct explain_figures explained;
	struct watch_figures watched;
	struct metrics_process process;
};

struct metric {
	const char *name;
	const char *type;
	const char *help;
	uint64_t (*value)(const struct sample *sample); /* of one without labels */
	void (*write)(const struct sample *sample, const char *name, FILE *out); /* or else */
};

static void write_verdicts(const struct sample *sample, const char *name, FILE *out)
{
	uint64_t packets[SP_VERDICT_COUNT];

	for (unsigned int engine = 0; engine < METRICS_ENGINES_NR; engine++) {
		table_counters_sum_verdicts(sample->source->table, engine, packets);
		for (unsigned int i = 0; i < SP_VERDICT_COUNT; i++)
			fprintf(out, "%s{engine=\"%s\",verdict=\"%s\"} %" PRIu64 "\n", name,
				table_counters_engine_name(engine), table_counters_verdict_name(i),
				packets[i]);
	}
}

static void write_bytes(const struct sample *sample, const char *name, FILE *out)
{
	uint64_t bytes[2];

	for (unsigned int engine = 0; engine < METRICS_ENGINES_NR; engine++) {
		table_counters_sum_bytes(sample->source->table, engine, bytes);
		for (unsigned int i = 0; i < 2; i++)
			fprintf(out, "%s{engine=\"%s\",direction=\"%s\"} %" PRIu64 "\n", name,
				table_counters_engine_name(engine),
				table_counters_direction_name(i), bytes[i]);
	}
}

static void write_builds(const struct sample *sample, const char *name, FILE *out)
{
	for (unsigned int i = 0; i < SESSION_STATES_NR; i++)
		fprintf(out, "%s{state=\"%s\"} %u\n", name, model_session_state_name(i),
			sample->figures.builds[i]);
}

static void write_port_state(const char *name, const struct model_public *public, const char *state,
			     uint32_t value, FILE *out)
{
	char bind[ADDR_TEXT_BYTES];

	fprintf(out, "%s{address=\"%s\",pool=\"%s\",state=\"%s\"} %u\n", name,
		addr_format(&public->bind, bind), public->pool, state, value);
}

static void write_ports(const struct sample *sample, const char *name, FILE *out)
{
	const struct edge *edge = sample->source->edge;
	const struct model_settings *settings = edge_settings(edge);
	struct ports_figures figures;

	for (unsigned int i = 0; edge_pool_figures(edge, i, &figures) == 0; i++) {
		write_port_state(name, &settings->publics[i], "used", figures.used, out);
		write_port_state(name, &settings->publics[i], "free", figures.free, out);
		write_port_state(name, &settings->publics[i], "quarantined", figures.quarantined,
				 out);
	}
}

static void write_carrying(const struct sample *sample, const char *name, FILE *out)
{
	const struct metrics_source *source = sample->source;
	const char *carrier = table_counters_carrier(source->table, source->now_ns);

	for (unsigned int i = 0; i < METRICS_ENGINES_NR; i++) {
		const char *engine = table_counters_engine_name(i);

		fprintf(out, "%s{engine=\"%s\"} %d\n", name, engine, carrier[0] == engine[0]);
	}
}

static void write_engine(const struct sample *sample, const char *name, FILE *out)
{
	bool dpdk = sample->source->table->settings->engine_mode == SP_ENGINE_DPDK;

	fprintf(out, "%s{engine=\"%s\"} 1\n", name,
		table_counters_engine_name(dpdk ? METRICS_DPDK : METRICS_XDP));
}

static void write_attached(const struct sample *sample, const char *name, FILE *out)
{
	const struct sp_settings *settings = sample->source->table->settings;
	uint32_t detached = SP_LOAD(settings->detached);

	fprintf(out, "%s{interface=\"public\"} %d\n", name, !(detached & SP_ROLE_PUBLIC));
	fprintf(out, "%s{interface=\"builds\"} %d\n", name, !(detached & SP_ROLE_BUILDS));
}

static void write_beats(const struct sample *sample, const char *name, FILE *out)
{
	const struct metrics_source *source = sample->source;

	for (unsigned int i = 0; i < 2 * SP_QUEUES_MAX; i++) {
		uint64_t beat_ns = source->table->queues[i].beat_ns;

		if (beat_ns == 0)
			continue;
		fprintf(out, "%s{interface=\"%s\",queue=\"%u\"} %.6f\n", name,
			i < SP_QUEUES_MAX ? "public" : "builds", i % SP_QUEUES_MAX,
			beat_ns < source->now_ns ? (double)(source->now_ns - beat_ns) / 1e9 : 0.0);
	}
}

static void write_losses(const struct sample *sample, const char *name, FILE *out)
{
	const struct table_map *table = sample->source->table;

	for (unsigned int i = 0; i < 2 * SP_QUEUES_MAX; i++) {
		for (unsigned int loss = 0;
		     table->queues[i].frame_bytes && loss < SP_QUEUE_LOSSES_NR; loss++)
			fprintf(out,
				"%s{interface=\"%s\",queue=\"%u\",reason=\"%s\"} %" PRIu64 "\n",
				name, i < SP_QUEUES_MAX ? "public" : "builds", i % SP_QUEUES_MAX,
				table_counters_loss_name(loss),
				(uint64_t)table->queues[i].lost[loss]);
	}
}

static void write_hints(const struct sample *sample, const char *name, FILE *out)
{
	metrics_workers_write_hints(sample->source->table, name, out);
}

static void write_workers_busy(const struct sample *sample, const char *name, FILE *out)
{
	metrics_workers_write_busy(sample->source->table, name, out);
}

static void write_workers_bursts(const struct sample *sample, const char *name, FILE *out)
{
	metrics_workers_write_bursts(sample->source->table, name, out);
}

static void write_redirects(const struct sample *sample, const char *name, FILE *out)
{
	static const char *const reasons[] = {
#define X(NAME, reason, error, help) #reason,
		SP_REDIRECT_LOSSES(X)
#undef X
	};
	const struct metrics_host *host = &sample->source->host;

	for (unsigned int i = 0; host->redirects_counted && i < 2; i++)
		for (unsigned int loss = 0; loss < SP_REDIRECT_LOSSES_NR; loss++)
			fprintf(out, "%s{interface=\"%s\",reason=\"%s\"} %" PRIu64 "\n", name,
				i == 0 ? "public" : "builds", reasons[loss],
				host->redirects_lost[i][loss]);
}

static void write_version(const struct sample *sample, const char *name, FILE *out)
{
	fprintf(out, "%s{version=\"%s\",table=\"%u\"} 1\n", name, SALLYPORT_VERSION,
		SP_TABLE_VERSION);
}

/* Nothing where no hooks ever ran. */
static void write_hooks_behind(const struct sample *sample, const char *name, FILE *out)
{
	uint64_t behind;

	if (metrics_hooks_behind(sample->source->hooks_cursor, sample->figures.newest_seq, &behind))
		fprintf(out, "%s %" PRIu64 "\n", name, behind);
}

static void write_events(const struct sample *sample, const char *name, FILE *out)
{
	for (unsigned int i = 0; i < EVENT_TYPES_NR; i++)
		fprintf(out, "%s{type=\"%s\"} %" PRIu64 "\n", name, model_event_type_name(i),
			sample->figures.told[i]);
}

static void write_requests(const struct sample *sample, const char *name, FILE *out)
{
	metrics_requests_write(sample->source->requests, name, out);
}

static void write_request_times(const struct sample *sample, const char *name, FILE *out)
{
	metrics_requests_write_times(sample->source->requests, name, out);
}

static void write_cpu(const struct sample *sample, const char *name, FILE *out)
{
	fprintf(out, "%s %.6f\n", name, sample->process.cpu_s);
}

static void write_started(const struct sample *sample, const char *name, FILE *out)
{
	fprintf(out, "%s %.2f\n", name, sample->process.started_s);
}

static uint64_t count_workers(const struct sample *sample)
{
	uint64_t alive = 0;

	for (unsigned int i = 0; i < SP_WORKERS_MAX; i++)
		alive += table_counters_worker_alive(sample->source->table, i);
	return alive;
}

static uint64_t is_left(const struct sample *sample)
{
	return table_counters_left(sample->source->table) != 0;
}

static uint64_t do_yield(const struct sample *sample)
{
	return table_counters_yields(sample->source->table);
}

static uint64_t get_netlink_open(const struct sample *sample)
{
	return !sample->source->host.blind;
}

static void write_announced(const struct sample *sample, const char *name, FILE *out)
{
	if (sample->source->host.announced >= 0)
		fprintf(out, "%s %d\n", name, sample->source->host.announced);
}

#define VALUE(name, member)                                                                        \
	static uint64_t get_##name(const struct sample *sample)                                    \
	{                                                                                          \
		return sample->member;                                                             \
	}
VALUE(lost, source->host.lost)
VALUE(corrected, source->host.corrected)
VALUE(held, source->host.held)
VALUE(resyncs, source->host.resyncs)

VALUE(nodes, figures.nodes)
VALUE(leases_live, figures.leases_live)
VALUE(endpoints, figures.endpoints)
VALUE(endpoints_max, figures.endpoints_max)
VALUE(allow_lists, figures.allow_lists)
VALUE(allow_lists_max, figures.allow_lists_max)
VALUE(newest_seq, figures.newest_seq)
VALUE(journal_errors, figures.journal_errors)
VALUE(cuts_owed, figures.cuts_owed)
VALUE(cuts_loose, figures.cuts_loose)

static uint64_t get_log_dropped(const struct sample *sample)
{
	return log_dropped();
}

VALUE(explained, explained.explained)
VALUE(unexplained, explained.refused)
VALUE(connections, watched.connections.open)
VALUE(half_open, watched.connections.half_open)
VALUE(attempts, watched.connections.attempts)
VALUE(gave_way, watched.connections.gave_way)
VALUE(opened, watched.connections.opened)
VALUE(left_out, watched.connections.left_out)
VALUE(notes_lost, watched.notes_lost)
VALUE(notes_withheld, watched.notes_withheld)
VALUE(records_waiting, watched.records.waiting)
VALUE(records_lost, watched.records.lost)
VALUE(untold, watched.untold)
VALUE(provoked, watched.provoked)
VALUE(audit_used, watched.audit.used)
VALUE(audit_bytes, watched.audit.bytes)
VALUE(audit_budget, watched.audit.budget)
VALUE(audit_dropped, watched.audit.dropped)
VALUE(sampled_out, watched.records.sampled_out)
VALUE(audit_in_memory, watched.audit.in_memory)
VALUE(audit_renewed, watched.audit.renewed)

VALUE(resident_bytes, process.resident_bytes)
VALUE(virtual_bytes, process.virtual_bytes)
VALUE(fds, process.fds)
VALUE(fds_max, process.fds_max)
#undef VALUE

static const struct metric metrics[] = {
	{"sallyport_build_info", "gauge", "The daemon's version, and that of the table.", NULL,
	 write_version},
	{"sallyport_packets_total", "counter", "Packets by engine and by what became of them.",
	 NULL, write_verdicts},
	{"sallyport_bytes_total", "counter",
	 "Bytes of IP packets sent on, as they arrived, without link headers.", NULL, write_bytes},
	{"sallyport_engine", "gauge", "1 for dataplane.engine of the configuration.", NULL,
	 write_engine},
	{"sallyport_carrying", "gauge", "1 for the engine that carries packets now.", NULL,
	 write_carrying},
	{"sallyport_attached", "gauge",
	 "1 while packets of an interface that is up meet the program of sallyport.", NULL,
	 write_attached},
	{"sallyport_attachments_lost_total", "counter",
	 "How often packets of an interface met the program no longer.", get_lost, NULL},
	{"sallyport_host_corrected_total", "counter",
	 "Switches and neighbours of this host that others changed, put right.", get_corrected,
	 NULL},
	{"sallyport_held_total", "counter",
	 "Packets for public ports that were dropped unanswered while this host started.", get_held,
	 NULL},
	{"sallyport_netlink_resyncs_total", "counter",
	 "How often the kernel's state was read anew after netlink lost messages or failed.",
	 get_resyncs, NULL},
	{"sallyport_netlink_open", "gauge", "0 while netlink cannot be opened anew.",
	 get_netlink_open, NULL},
	{"sallyport_queue_beat_age_seconds", "gauge", "Time since a queue was last polled.", NULL,
	 write_beats},
	{"sallyport_socket_lost_total", "counter",
	 "Frames that AF_XDP sockets lost before a worker saw them.", NULL, write_losses},
	{"sallyport_hints_total", "counter",
	 "Packets whose lease a worker found where the XDP program had (used), and hints of "
	 "another lease (wrong).",
	 NULL, write_hints},
	{"sallyport_redirects_lost_total", "counter",
	 "Frames that the XDP program sent on and an interface did not take.", NULL,
	 write_redirects},
	{"sallyport_workers_alive", "gauge", "Workers of sallyport-dp that are there.",
	 count_workers, NULL},
	{"sallyport_worker_busy_seconds_total", "counter",
	 "Time that a worker was in rounds that had packets.", NULL, write_workers_busy},
	{"sallyport_worker_burst_packets", "histogram",
	 "Packets that a worker found waiting in a queue, where there were any.", NULL,
	 write_workers_bursts},
	{"sallyport_left_to_xdp", "gauge",
	 "1 while sallyport-dp leaves all packets to the XDP program.", is_left, NULL},
	{"sallyport_workers_yield", "gauge",
	 "1 while the workers of sallyport-dp sleep, and the XDP program has their packets, for "
	 "they are few (dataplane.idle).",
	 do_yield, NULL},
	{"sallyport_announced", "gauge",
	 "2 while this edge is announced to routers, 1 as the last resort, 0 not; where "
	 "announce.interface is given.",
	 NULL, write_announced},
	{"sallyport_builds", "gauge", "Builds by state.", NULL, write_builds},
	{"sallyport_nodes", "gauge", "Nodes of open builds.", get_nodes, NULL},
	{"sallyport_leases_live", "gauge", "Public ports that lead to a VM.", get_leases_live,
	 NULL},
	{"sallyport_ports", "gauge", "Public ports by address and use.", NULL, write_ports},
	{"sallyport_endpoints", "gauge", "VM endpoints in the table.", get_endpoints, NULL},
	{"sallyport_endpoints_max", "gauge", "VM endpoints that the table can hold.",
	 get_endpoints_max, NULL},
	{"sallyport_allow_lists", "gauge", "Allow-lists in the table.", get_allow_lists, NULL},
	{"sallyport_allow_lists_max", "gauge", "Allow-lists that the table can hold.",
	 get_allow_lists_max, NULL},
	{"sallyport_event_seq", "gauge", "Number of the newest event.", get_newest_seq, NULL},
	{"sallyport_events_total", "counter", "Events by type since sallyportd started.", NULL,
	 write_events},
	{"sallyport_journal_errors_total", "counter", "Changes refused by the journal.",
	 get_journal_errors, NULL},
	{"sallyport_cuts_owed", "gauge",
	 "Sessions cut without the journal, which has not taken them yet.", get_cuts_owed, NULL},
	{"sallyport_cuts_unrecorded", "gauge",
	 "Of these, those that a crash of the host would forget.", get_cuts_loose, NULL},
	{"sallyport_explained_total", "counter", "Connections told why a port is closed.",
	 get_explained, NULL},
	{"sallyport_unexplained_total", "counter", "Connections closed without a word.",
	 get_unexplained, NULL},
	{"sallyport_connections", "gauge", "Connections through leases that are open.",
	 get_connections, NULL},
	{"sallyport_connections_half_open", "gauge",
	 "Attempts to connect that their client has not confirmed.", get_half_open, NULL},
	{"sallyport_connections_attempts_total", "counter",
	 "SYNs that may have become a connection.", get_attempts, NULL},
	{"sallyport_connections_gave_way_total", "counter",
	 "Attempts to connect forgotten for those that came later.", get_gave_way, NULL},
	{"sallyport_connections_opened_total", "counter",
	 "Connections that came up, confirmed by their client.", get_opened, NULL},
	{"sallyport_connections_left_out_total", "counter",
	 "Connections beyond what is watched at once: carried, not recorded.", get_left_out, NULL},
	{"sallyport_connections_untold_total", "counter",
	 "First connections that no build.connected could tell of.", get_untold, NULL},
	{"sallyport_notes_lost_total", "counter",
	 "Notes of connections overwritten before sallyportd read them.", get_notes_lost, NULL},
	{"sallyport_notes_withheld_total", "counter",
	 "Notes of flooded leases that were not written, for the sake of others.",
	 get_notes_withheld, NULL},
	{"sallyport_records_waiting", "gauge",
	 "Changes of connections that the audit has not taken yet.", get_records_waiting, NULL},
	{"sallyport_records_lost_total", "counter",
	 "Changes of connections that are not recorded: too many waited for the audit.",
	 get_records_lost, NULL},
	{"sallyport_provoked_total", "counter",
	 "Segments sent to ends of connections whose session has ended.", get_provoked, NULL},
	{"sallyport_audit_bytes", "gauge", "How long the audit of connections is.", get_audit_bytes,
	 NULL},
	{"sallyport_audit_used_bytes", "gauge", "How much of that holds something.", get_audit_used,
	 NULL},
	{"sallyport_audit_budget_bytes", "gauge", "How long it may get.", get_audit_budget, NULL},
	{"sallyport_audit_dropped_total", "counter",
	 "Records of connections dropped before their time, for the budget's sake.",
	 get_audit_dropped, NULL},
	{"sallyport_audit_sampled_out_total", "counter",
	 "Connections without a record, of those who open them without end.", get_sampled_out,
	 NULL},
	{"sallyport_audit_in_memory", "gauge",
	 "Whether the audit of connections is in memory, until its file can be had.",
	 get_audit_in_memory, NULL},
	{"sallyport_audit_renewed_total", "counter",
	 "How often the audit of connections was damaged or gone, and begun anew.",
	 get_audit_renewed, NULL},
	{"sallyport_log_dropped_total", "counter",
	 "Lines of sallyportd's log that journald, or whoever reads stderr, did not take.",
	 get_log_dropped, NULL},
	{"sallyport_hooks_behind", "gauge", "Events that sallyport-hooks has not delivered yet.",
	 NULL, write_hooks_behind},
	{"sallyport_api_requests_total", "counter", "Requests of the API by their answer.", NULL,
	 write_requests},
	{"sallyport_api_request_duration_seconds", "histogram",
	 "From a request's first line to its answer, or to the beginning of a stream.", NULL,
	 write_request_times},
	{"process_start_time_seconds", "gauge", "When sallyportd started, since 1970.", NULL,
	 write_started},
	{"process_cpu_seconds_total", "counter", "Time of CPUs that sallyportd has used.", NULL,
	 write_cpu},
	{"process_resident_memory_bytes", "gauge", "Memory of sallyportd that is resident.",
	 get_resident_bytes, NULL},
	{"process_virtual_memory_bytes", "gauge", "Address space of sallyportd.", get_virtual_bytes,
	 NULL},
	{"process_open_fds", "gauge", "File descriptors of sallyportd that are open.", get_fds,
	 NULL},
	{"process_max_fds", "gauge", "File descriptors that sallyportd may have.", get_fds_max,
	 NULL},
};

bool metrics_hooks_behind(const char *path, uint64_t newest_seq, uint64_t *ret_behind)
{
	uint64_t seq;

	if (seq_file_read(path, &seq) < 0)
		return false;
	*ret_behind = seq < newest_seq ? newest_seq - seq : 0;
	return true;
}

void metrics_write(const struct metrics_source *source, FILE *out)
{
	struct sample sample = {.source = source};

	edge_figures(source->edge, &sample.figures);
	if (source->explain)
		explain_figures(source->explain, &sample.explained);
	if (source->watch)
		watch_figures(source->watch, &sample.watched);
	metrics_process_read(&sample.process);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		const struct metric *metric = &metrics[i];

		fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
			metric->name, metric->type);
		if (metric->write)
			metric->write(&sample, metric->name, out);
		else
			fprintf(out, "%s %" PRIu64 "\n", metric->name, metric->value(&sample));
	}
	metrics_fleet_write(source->fleet, source->now_ns, out);
}
