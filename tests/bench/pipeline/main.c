/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets per second of one worker's CPU time, all stages, on what net_pcap repeats without end.
 * Sent packets are freed by the driver, as testpmd's are in the runs that this one is compared
 *with.
 *
 *	pipeline_bench situations                         their names
 *	pipeline_bench make SITUATION FILE                writes its packets
 *	pipeline_bench run SITUATION FILE SECONDS [EAL argument ...]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>

#include "edge.h"
#include "situation.h"
#include "traffic.h"

#include "host/boottime.h"

#define ROUNDS_A_LOOK 256
#define WARM_UP_NS    500000000ull
#define SLICE_NS      20000000ull

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "pipeline_bench: %s\n", what);
	exit(EXIT_FAILURE);
}

/* Result: millions of packets for each second of this thread's CPU time, whoever else runs. */
static double measure(struct worker *worker, uint64_t duration_ns)
{
	uint64_t until_ns = boottime_now_ns() + duration_ns, packets = 0;
	uint64_t begun_ns = boottime_clock_ns(CLOCK_THREAD_CPUTIME_ID);

	while (boottime_now_ns() < until_ns)
		for (int i = 0; i < ROUNDS_A_LOOK; i++)
			packets += worker_round(worker);
	return (double)packets * 1000 /
	       (double)(boottime_clock_ns(CLOCK_THREAD_CPUTIME_ID) - begun_ns);
}

/* The same with hints and without, by turns. */
static void measure_hints(struct edge *edge, uint64_t duration_ns, double ret_mpps[2])
{
	uint64_t packets[2] = {0}, used_ns[2] = {0};

	for (uint64_t begun_ns = boottime_now_ns(); boottime_now_ns() - begun_ns < duration_ns;)
		for (int heed = 1; heed >= 0; heed--) {
			uint64_t until_ns = boottime_now_ns() + SLICE_NS, before_ns;

			edge_heed_hints(edge, heed);
			before_ns = boottime_clock_ns(CLOCK_THREAD_CPUTIME_ID);
			while (boottime_now_ns() < until_ns)
				for (int i = 0; i < ROUNDS_A_LOOK; i++)
					packets[heed] += worker_round(edge->crew.workers);
			used_ns[heed] += boottime_clock_ns(CLOCK_THREAD_CPUTIME_ID) - before_ns;
		}
	for (int heed = 0; heed < 2; heed++)
		ret_mpps[heed] = (double)packets[heed] * 1000 / (double)used_ns[heed];
}

/* Until what a worker learns of a lease, by its first packet, it has learned of all of them. */
static void warm_up(struct worker *worker, const struct situation *situation)
{
	uint64_t until_ns = boottime_now_ns() + WARM_UP_NS, packets = 0;

	while (packets < 2ull * situation->nr_flows || boottime_now_ns() < until_ns)
		packets += worker_round(worker);
}

static void expect_all_forwarded(const struct worker *worker)
{
	for (unsigned int i = 0; i < SP_VERDICT_COUNT; i++)
		if (i != SP_FORWARDED && worker->counters->verdict[i])
			die("some packets were not forwarded");
}

static void start_eal(const char *pcap, int argc, char **argv)
{
	static char text[][32] = {"pipeline_bench", "--no-pci", "--no-telemetry",
				  "--log-level=error"};
	static char vdev[512];
	char *arguments[32] = {text[0], text[1], text[2], text[3], vdev};
	int nr = 5;

	snprintf(vdev, sizeof(vdev), "--vdev=net_pcap0,rx_pcap=%s,infinite_rx=1", pcap);
	for (int i = 0; i < argc && nr < 31; i++)
		arguments[nr++] = argv[i];
	if (rte_eal_init(nr, arguments) < 0)
		die("EAL does not start");
}

/* Prints what it does with hints, and without. */
static void tell_hints(struct edge *edge, uint64_t duration_ns)
{
	const struct worker *worker = edge->crew.workers;
	double mpps[2];

	measure_hints(edge, duration_ns, mpps);
	if (worker->rx[0].hints[SP_HINT_USED] == 0 || worker->rx[0].hints[SP_HINT_WRONG])
		die("hints were not used, or wrong");
	printf("%.2f %.2f\n", mpps[1], mpps[0]);
}

static int run(const struct situation *situation, const char *pcap, const char *seconds, int argc,
	       char **argv)
{
	const uint64_t duration_ns = (uint64_t)(atof(seconds) * 1e9);
	static struct edge edge;
	int r;

	start_eal(pcap, argc, argv);
	r = edge_open(&edge, situation);
	if (r < 0)
		die(strerror(-r));
	warm_up(edge.crew.workers, situation);
	if (situation->hinted)
		tell_hints(&edge, duration_ns);
	else
		printf("%.2f\n", measure(edge.crew.workers, duration_ns));
	expect_all_forwarded(edge.crew.workers);
	return EXIT_SUCCESS;
}

static int make(const struct situation *situation, const char *path)
{
	if (traffic_write(situation, path) < 0)
		die("the file cannot be written");
	return EXIT_SUCCESS;
}

static const struct situation *named(const char *name)
{
	const struct situation *situation = situation_of(name);

	if (!situation)
		die("no such situation");
	return situation;
}

static int tell(void)
{
	for (const struct situation *it = situations; it->name; it++)
		puts(it->name);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "situations") == 0)
		return tell();
	if (argc == 4 && strcmp(argv[1], "make") == 0)
		return make(named(argv[2]), argv[3]);
	if (argc >= 5 && strcmp(argv[1], "run") == 0)
		return run(named(argv[2]), argv[3], argv[4], argc - 5, argv + 5);
	die("usage: pipeline_bench situations | make SITUATION FILE | run SITUATION FILE SECONDS "
	    "[EAL argument ...]");
}
