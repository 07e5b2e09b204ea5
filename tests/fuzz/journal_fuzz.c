/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any journal: it is replayed, or refused; never a crash, and never two leases on one port. The
 * first byte says what the others are: a write-ahead log; patches of a sound journal's bytes; or
 * values put into the columns of a sound journal.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sqlite3.h>

#include "edge/edge.h"
#include "edge/put/build.h"
#include "host/addr.h"
#include "host/table_map.h"
#include "journal/journal.h"
#include "journal/wal.h"

#define SECOND 1000000000ULL

static struct model_settings settings;
static struct table_map *table;
static const struct instant start = {1000 * SECOND, 1795000000 * SECOND};
static char *image; /* of a sound journal with two builds */
static size_t image_bytes;

static struct sp_addr make_addr(const char *text)
{
	struct sp_addr addr = {0};

	assert(addr_parse(text, &addr) == 0);
	return addr;
}

static void make_settings(void)
{
	model_settings_init(&settings);
	settings.nr_publics = 1;
	settings.publics[0].bind = make_addr("192.0.2.1");
	settings.publics[0].nr_ranges = 1;
	settings.publics[0].ranges[0] = (struct model_range){40000, 40015};
	settings.nr_networks = 1;
	assert(addr_prefix_parse("10.0.0.0/16", &settings.networks[0]) == 0);
}

static void make_table(void)
{
	struct sp_meta meta;

	table_meta_init(&meta);
	meta.nr_publics = 1;
	meta.nr_buckets = 64;
	meta.nr_allow = 8;
	meta.nr_usage = 64;
	meta.nr_cpus = 1;
	meta.nr_workers = 1;
	meta.hash_seed = 7;
	assert(table_map_alloc(&meta, &table) == 0);
}

static void clear_table(void)
{
	memset(table->leases, 0, table->nr_slots * sizeof(struct sp_slot));
	memset(table->endpoints, 0, table->nr_buckets * sizeof(struct sp_bucket));
	memset(table->allow, 0, table->nr_allow * sizeof(struct sp_allow));
}

static void put(struct edge *edge, const char *id, const char *address)
{
	struct sp_prefix allow;
	struct problem problem = {0};
	struct edge_call call = {start, {0, 1}, &problem, NULL};
	struct edge_result result;
	struct build_spec spec;
	struct node_spec *node;

	model_build_spec_init(&spec);
	snprintf(spec.id, sizeof(spec.id), "%s", id);
	node = model_build_spec_add_node(&spec);
	node->has_address = true;
	node->address = make_addr(address);
	model_build_strings_add(&node->host_keys, "ssh-ed25519 AAAA");
	model_build_strings_add(&spec.actors, "alice");
	assert(addr_prefix_parse("203.0.113.0/24", &allow) == 0);
	assert(model_build_set_allow(&spec.allow, &spec.nr_allow, &allow, 1) == 0);
	assert(put_build(edge, &call, &spec, &result) == 0);
	model_build_spec_free(&spec);
}

/* Result: whether the edge came up. Whatever did is used, and checked. */
static void use_edge(struct edge *edge)
{
	struct problem problem = {0};
	struct edge_call call = {start, {0, 1}, &problem, NULL};
	const struct build *build = NULL;
	struct edge_result result;
	bool removed;

	while ((build = edge_after(edge, build ? build->serial : 0)))
		for (unsigned int i = 0; i < build->nr_nodes; i++)
			assert(build->nodes[i].nr_forwards > 0);
	edge_calls_extend(edge, &call, "a", &(struct edge_extension){SECOND, BUILD_DEFAULT},
			  &result);
	json_problem_clear(&problem);
	edge_calls_finish(edge, &call, "a", BUILD_DEFAULT, &result);
	json_problem_clear(&problem);
	edge_calls_cancel(edge, &call, "b", &result);
	call.now.boot_ns += 100000 * SECOND;
	edge_expire(edge, &call.now, &removed);
	edge_expire(edge, &call.now, &removed);
}

static void replay(struct journal *journal)
{
	struct problem problem = {0};
	struct edge *edge;

	clear_table();
	journal_set_boot_id(journal, "boot");
	assert(edge_new(&settings, journal, table, 1, &edge) == 0);
	if (edge_replay(edge, &start, &problem) == 0)
		use_edge(edge);
	else
		assert(problem_is_set(&problem));
	edge_free(edge);
}

static struct journal *open_sound(void)
{
	struct problem problem = {0};
	struct journal *journal;
	struct edge *edge;
	char *reason;

	assert(journal_open(":memory:", &journal, &reason) == 0);
	journal_set_boot_id(journal, "boot");
	clear_table();
	assert(edge_new(&settings, journal, table, 1, &edge) == 0);
	assert(edge_replay(edge, &start, &problem) == 0);
	put(edge, "a", "10.0.0.1");
	put(edge, "b", "10.0.0.2");
	edge_free(edge);
	return journal;
}

static void take_image(void)
{
	struct journal *journal = open_sound();
	sqlite3_int64 bytes = 0;
	unsigned char *copy = sqlite3_serialize(journal_handle(journal), "main", &bytes, 0);

	assert(copy);
	image_bytes = (size_t)bytes;
	image = malloc(image_bytes);
	memcpy(image, copy, image_bytes);
	sqlite3_free(copy);
	journal_close(journal);
}

static void write_file(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

static void try_log(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("wal", MFD_CLOEXEC);

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	journal_wal_check(path);
	close(fd);
}

/* Each patch: an offset of two bytes, and a byte. */
static void try_patches(const uint8_t *data, size_t size)
{
	char path[64], other[80];
	struct journal *journal;
	char *patched = malloc(image_bytes), *reason;

	memcpy(patched, image, image_bytes);
	for (size_t i = 0; i + 3 <= size; i += 3)
		patched[((size_t)data[i] << 8 | data[i + 1]) % image_bytes] = (char)data[i + 2];
	snprintf(path, sizeof(path), "/dev/shm/sallyport-fuzz-%d", (int)getpid());
	write_file(path, patched, image_bytes);
	free(patched);
	if (journal_open(path, &journal, &reason) == 0) {
		replay(journal);
		journal_close(journal);
	} else {
		free(reason);
	}
	unlink(path);
	snprintf(other, sizeof(other), "%s-wal", path);
	unlink(other);
	snprintf(other, sizeof(other), "%s-shm", path);
	unlink(other);
}

static const char *const updates[] = {
	"UPDATE builds SET id = ?",
	"UPDATE builds SET id = ? WHERE serial = 1",
	"UPDATE builds SET state = ?",
	"UPDATE builds SET reason = ?",
	"UPDATE builds SET state = 'ended', reason = ?",
	"UPDATE builds SET title = ?",
	"UPDATE builds SET deadline_ns = ?",
	"UPDATE builds SET cap_ns = ?",
	"UPDATE builds SET hard_end_ns = ?",
	"UPDATE builds SET gone_ns = ?",
	"UPDATE builds SET connect_by_ns = ?",
	"UPDATE builds SET nr_warned = ?",
	"UPDATE builds SET linger_ns = ?",
	"UPDATE builds SET max_extension_ns = ?",
	"UPDATE nodes SET node = ?",
	"UPDATE nodes SET state = ?",
	"UPDATE nodes SET address = ?",
	"UPDATE forwards SET node = ?",
	"UPDATE forwards SET name = ?",
	"UPDATE forwards SET port = ?",
	"UPDATE forwards SET protocol = ?",
	"UPDATE forwards SET public_address = ?",
	"UPDATE forwards SET public_port = ?",
	"UPDATE texts SET kind = ?",
	"UPDATE texts SET node = ?",
	"UPDATE texts SET value = ?",
	"UPDATE moment SET boot_id = ?",
	"UPDATE moment SET boot_ns = ?",
	"UPDATE moment SET wall_ns = ?",
	"UPDATE events SET type = ?",
	"UPDATE events SET seq = ?",
	"UPDATE sqlite_sequence SET seq = ?",
	"DELETE FROM nodes WHERE node > ?",
	"DELETE FROM forwards WHERE node > ?",
	"DELETE FROM moment WHERE id > ?",
	"INSERT INTO ports VALUES (?1, 40001, 5)",
	"INSERT INTO numbers VALUES ('sync_generation', ?)",
};

/* Each value: which column, its length, its bytes: a number if there are eight of them. */
static void try_values(const uint8_t *data, size_t size)
{
	struct journal *journal = open_sound();
	sqlite3_stmt *statement;
	sqlite3_int64 number;

	while (size >= 2 && size >= 2u + data[1]) {
		const char *text = updates[data[0] % (sizeof(updates) / sizeof(updates[0]))];

		assert(sqlite3_prepare_v2(journal_handle(journal), text, -1, &statement, NULL) ==
		       SQLITE_OK);
		memcpy(&number, data + 2, data[1] == 8 ? 8 : 0);
		if (data[1] == 8)
			sqlite3_bind_int64(statement, 1, number);
		else
			sqlite3_bind_text(statement, 1, (const char *)data + 2, data[1],
					  SQLITE_STATIC);
		sqlite3_step(statement);
		sqlite3_finalize(statement);
		size -= 2u + data[1];
		data += 2u + data[1];
	}
	replay(journal);
	journal_close(journal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void prepare(void)
{
	if (image)
		return;
	make_settings();
	make_table();
	take_image();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	prepare();
	if (data[0] % 3 == 0)
		try_log(data + 1, size - 1);
	else if (data[0] % 3 == 1)
		try_patches(data + 1, size - 1);
	else
		try_values(data + 1, size - 1);
	return 0;
}
