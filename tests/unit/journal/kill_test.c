/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kill -9 at random moments: what was acknowledged is there again, on the same port; what was under
 * way is there whole or not at all. SALLYPORT_KILLS says how often, SALLYPORT_SEED after how much.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/table_map.h"
#include "world.h"

#define NR_BUILDS 400

/* What a child has been told by the edge. */
struct acknowledgement {
	uint32_t number;
	uint16_t port;
	uint16_t cancelled;
};

static void say(int fd, uint32_t number, uint16_t port, uint16_t cancelled)
{
	const struct acknowledgement said = {number, port, cancelled};

	if (write(fd, &said, sizeof(said)) != sizeof(said))
		_exit(1);
}

/* Puts builds, and cancels every third of them, from where the journal is. */
static void work(const char *path, int fd)
{
	struct edge_result result;
	struct world world;
	char id[16], address[32];

	world_init(&world, NR_BUILDS);
	world.settings.quarantine_ns = 1000 * HOUR;
	world_start(&world, path);
	for (uint32_t i = 0; i < NR_BUILDS; i++) {
		snprintf(id, sizeof(id), "b%u", i);
		snprintf(address, sizeof(address), "10.0.%u.%u", i / 200, i % 200 + 1);
		if (edge_get(world.edge, id))
			continue;
		if (world_put(&world, id, address) < 0)
			_exit(1);
		say(fd, i, world_get(&world, id)->nodes[0].forwards[0].public_port, 0);
		if (i % 3 != 0)
			continue;
		if (world_cancel(&world, id, &result) < 0)
			_exit(1);
		say(fd, i, 0, 1);
	}
	_exit(0);
}

static void check_build(const struct world *world, uint32_t number, uint16_t port, bool cancelled)
{
	const struct build *build;
	char id[16];

	snprintf(id, sizeof(id), "b%u", number);
	build = edge_get(world->edge, id);
	if (!build && port == 0)
		return;
	assert_non_null(build);
	if (port)
		assert_int_equal(build->nodes[0].forwards[0].public_port, port);
	if (cancelled)
		assert_int_equal(build->reason, SESSION_CANCELLED);
	assert_int_equal(world_count_events(world, id, EVENT_BUILD_ENABLED), 1);
	assert_int_equal(world_count_events(world, id, EVENT_BUILD_ENDED),
			 build->state == SESSION_ENDED);
}

static void check_journal(const char *path, const uint16_t *ports, const bool *cancelled)
{
	struct world world;

	world_init(&world, NR_BUILDS);
	world.settings.quarantine_ns = 1000 * HOUR;
	world_start(&world, path);
	for (uint32_t i = 0; i < NR_BUILDS; i++)
		check_build(&world, i, ports[i], cancelled[i]);
	world_stop(&world);
}

/* Kills the child after some acknowledgements, and reads those it still gave. Result: how many. */
static unsigned int run_and_kill(const char *path, unsigned int after, uint16_t *ports,
				 bool *cancelled)
{
	struct acknowledgement heard;
	unsigned int nr_heard = 0;
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0)
		work(path, fds[1]);
	close(fds[1]);
	while (read(fds[0], &heard, sizeof(heard)) == sizeof(heard)) {
		if (heard.port)
			ports[heard.number] = heard.port;
		cancelled[heard.number] |= heard.cancelled;
		if (++nr_heard == after)
			kill(pid, SIGKILL);
	}
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return nr_heard;
}

static void one_journal(unsigned int *nr_kills)
{
	char directory[] = "/tmp/sallyport-kill-XXXXXX", path[64], command[64];
	uint16_t ports[NR_BUILDS] = {0};
	bool cancelled[NR_BUILDS] = {false};
	unsigned int after;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/journal.sqlite", directory);
	do {
		after = 1 + (unsigned int)rand() % 40;
		check_journal(path, ports, cancelled);
		--*nr_kills;
	} while (run_and_kill(path, after, ports, cancelled) >= after && *nr_kills > 0);
	check_journal(path, ports, cancelled);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	assert_int_equal(system(command), 0);
}

static void test_kill_when_at_any_moment_then_acknowledged_is_kept(void **state)
{
	const char *text = getenv("SALLYPORT_KILLS"), *seed_text = getenv("SALLYPORT_SEED");
	unsigned int nr_kills = text ? (unsigned int)atoi(text) : 25;
	unsigned int seed = seed_text ? (unsigned int)atoi(seed_text) : (unsigned int)time(NULL);

	print_message("# %u kills from seed %u\n", nr_kills, seed);
	srand(seed);
	while (nr_kills > 0)
		one_journal(&nr_kills);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kill_when_at_any_moment_then_acknowledged_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
