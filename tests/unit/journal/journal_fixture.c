/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "edge/put/build.h"

int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->directory, "/tmp/sallyport-journal-XXXXXX");
	if (!mkdtemp(place->directory))
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/journal.sqlite", place->directory);
	snprintf(place->wal, sizeof(place->wal), "%s-wal", place->path);
	*state = place;
	return 0;
}

int tear_down(void **state)
{
	struct place *place = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", place->directory);
	if (system(command) != 0)
		return -1;
	free(place);
	return 0;
}

void put_full(struct world *world)
{
	static const char *const addresses[] = {"10.0.0.1", ""};
	struct edge_call call = world_call(world);
	struct forward_spec *forward;
	struct edge_result result;
	struct build_spec spec;

	world_spec(&spec, "full", 2, addresses);
	spec.title = strdup("acme/api#1");
	spec.user = strdup("ubuntu");
	spec.organisation = strdup("acme");
	spec.keys_as_of_wall_ns = 17 * SECOND;
	spec.connect_within_ns = HOUR;
	model_build_strings_add(&spec.actors, "alice");
	model_build_strings_add(&spec.actors, "bob");
	model_build_strings_add(&spec.key_fingerprints, "SHA256:abc");
	model_build_strings_add(&spec.nodes[0].host_keys, "ssh-ed25519 AAAA");
	world_allow(&spec, "203.0.113.0/24");
	world_allow(&spec, "2001:db8::/32");
	forward = model_build_spec_node_spec_add_forward(&spec.nodes[0]);
	strcpy(forward->name, "mosh");
	forward->port = 60001;
	forward->protocol_mask = SP_PROTOCOL_UDP;
	assert_int_equal(put_build(world->edge, &call, &spec, &result), 0);
	model_build_spec_free(&spec);
}

static int count_rows(void *context, int columns, char **values, char **names)
{
	*(int *)context = atoi(values[0]);
	return 0;
}

int ask(struct world *world, const char *text)
{
	int number = -1;

	assert_int_equal(
		sqlite3_exec(journal_handle(world->journal), text, count_rows, &number, NULL),
		SQLITE_OK);
	return number;
}
