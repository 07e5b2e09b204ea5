/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules of each document, on one as it comes: whatever holds "secret" is not to be seen, and
 * every member has been thought of.
 */
#include "cli/bundle/redact/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/bundle/redact/pseudonyms.h"

static void check(const struct redact_rules *rules, const char *text)
{
	json_t *value = json_loads(text, 0, NULL), *seen;
	struct pseudonyms *pseudonyms;
	char *after;

	assert_non_null(value);
	assert_int_equal(redact_pseudonyms_open(&pseudonyms), 0);
	seen = redact_json(pseudonyms, rules, value);
	after = json_dumps(seen, JSON_COMPACT);
	assert_non_null(after);
	if (strstr(after, "secret") || strstr(after, "203.0.113.") || strstr(after, "unknown"))
		fail_msg("%s", after);
	free(after);
	json_decref(seen);
	json_decref(value);
	redact_pseudonyms_close(pseudonyms);
}

static void test_build(void **state)
{
	check(&redact_rules_builds,
	      "{\"id\":\"7\",\"title\":\"secret\",\"state\":\"running\",\"reason\":null,"
	      "\"created_at\":\"t\",\"finished_at\":null,\"connected_at\":null,"
	      "\"ended_at\":null,\"deadline\":\"t\",\"remaining_s\":5,\"extendable_until\":\"t\","
	      "\"linger_s\":1800,\"user\":\"secret\",\"organisation\":\"secret\","
	      "\"actors\":[\"secret\"],\"keys_as_of\":\"t\",\"key_fingerprints\":[\"secret\"],"
	      "\"allow\":[\"203.0.113.0/24\",\"203.0.113.9/32\"],"
	      "\"usage\":{\"to_vm\":{\"packets\":1,\"bytes\":2,\"syns\":3},"
	      "\"to_client\":{\"packets\":1},\"last_seen_at\":null},"
	      "\"nodes\":[{\"index\":0,\"state\":\"ready\",\"address\":\"203.0.113.7\","
	      "\"port\":22,\"public_host\":\"h\",\"public_port\":1,\"pool\":\"p\","
	      "\"ssh\":\"ssh secret@h\",\"host_keys\":[\"ssh-ed25519 secret\"],"
	      "\"forwards\":[{\"name\":\"vnc\",\"port\":1,\"protocol\":\"tcp\","
	      "\"public_host\":\"h\",\"public_port\":2,\"pool\":\"p\"}],"
	      "\"usage\":{\"to_vm\":{\"packets\":1}}}]}");
}

static void test_connect(void **state)
{
	check(&redact_rules_connect,
	      "{\"id\":\"7\",\"title\":\"secret\",\"view\":\"wait\",\"state\":\"running\","
	      "\"deadline\":\"t\",\"remaining_s\":5,\"connected\":true,\"actors\":[\"secret\"],"
	      "\"key_fingerprints\":[\"SHA256:secret\"],\"keys_as_of\":\"t\","
	      "\"nodes\":[{\"index\":0,\"state\":\"ready\",\"public_host\":\"h\","
	      "\"public_port\":1,\"ssh\":\"ssh secret@h\",\"forwards\":[{\"name\":\"vnc\","
	      "\"protocol\":\"tcp\",\"public_host\":\"h\",\"public_port\":2,\"port\":3}],"
	      "\"clients\":[{\"client\":\"203.0.113.5\",\"forward\":\"ssh\",\"since\":\"t\","
	      "\"connections\":1}]}],\"clients_left_out\":0}");
}

static void test_records(void **state)
{
	check(&redact_rules_diagnose,
	      "{\"build\":\"7\",\"client\":\"203.0.113.5\",\"nodes\":[{\"index\":0,"
	      "\"case\":\"login\",\"certain\":\"from 203.0.113.5\",\"likely\":null,"
	      "\"next\":[\"see 203.0.113.5\"],\"connections\":1,\"accepted\":1,"
	      "\"latest\":{\"client\":\"203.0.113.5\",\"opened_at\":\"t\",\"accepted\":true,"
	      "\"open\":false,\"closed_by\":\"client\",\"bytes_to_vm\":1,"
	      "\"bytes_to_client\":2}}]}");
	check(&redact_rules_attestation,
	      "{\"id\":\"7\",\"title\":\"secret\",\"state\":\"ended\",\"reason\":\"expired\","
	      "\"enabled_at\":\"t\",\"finished_at\":\"t\",\"connected_at\":\"t\","
	      "\"ended_at\":\"t\",\"touched\":true,\"clients\":[{\"client\":\"203.0.113.5\","
	      "\"connections\":1,\"likely_logins\":1,\"first_at\":\"t\",\"last_at\":\"t\"}]}");
	check(&redact_rules_connections,
	      "{\"connections\":[{\"number\":1,\"build\":\"7\",\"node\":0,\"forward\":\"ssh\","
	      "\"client\":\"203.0.113.5\",\"client_port\":4,\"opened_at\":\"t\","
	      "\"accepted\":true,\"closed_at\":null,\"closed_by\":null,\"bytes_to_vm\":1,"
	      "\"bytes_to_client\":1}],\"next\":null}");
	check(&redact_rules_audit,
	      "{\"changes\":[{\"number\":1,\"changed_at\":\"t\",\"uid\":0,\"pid\":1,"
	      "\"what\":\"put\",\"build\":\"7\",\"revision\":1}],\"next\":1}");
}

static void test_events(void **state)
{
	check(&redact_rules_events,
	      "[{\"seq\":1,\"time\":\"t\",\"type\":\"build.connected\",\"build\":\"7\",\"node\":0,"
	      "\"reason\":\"expired\",\"detail\":\"203.0.113.5 port 4\",\"deadline\":\"t\","
	      "\"remaining_s\":1,\"free_ports\":1,\"pool\":\"p\",\"packets\":1,"
	      "\"hook\":\"10-notify\",\"failed_seq\":1}]");
}

static void test_programs(void **state)
{
	check(&redact_rules_neighbours,
	      "[{\"dst\":\"203.0.113.5\",\"dev\":\"eth0\",\"lladdr\":\"secret\",\"used\":1,"
	      "\"confirmed\":1,\"updated\":1,\"probes\":1,\"state\":[\"STALE\"]}]");
	check(&redact_rules_routes,
	      "[{\"type\":\"local\",\"dst\":\"203.0.113.0/24\",\"gateway\":\"203.0.113.1\","
	      "\"dev\":\"eth0\",\"protocol\":\"kernel\",\"scope\":\"link\","
	      "\"prefsrc\":\"203.0.113.2\",\"table\":\"local\",\"metric\":1,\"flags\":[],"
	      "\"metrics\":[{\"mtu\":1400,\"lock\":null}],"
	      "\"nexthops\":[{\"gateway\":\"203.0.113.3\",\"dev\":\"eth0\",\"weight\":1}]}]");
	check(&redact_rules_bpf,
	      "[{\"id\":1,\"type\":\"xdp\",\"prog_id\":2,\"pids\":[{\"comm\":\"secret\"}],"
	      "\"pinned\":[\"/sys/fs/bpf/secret\"]}]");
	check(&redact_rules_journal, "[{\"__CURSOR\":\"secret\",\"__REALTIME_TIMESTAMP\":\"1\","
				     "\"MESSAGE\":\"It failed. reason=secret\",\"PRIORITY\":\"4\","
				     "\"_SYSTEMD_UNIT\":\"sallyportd.service\",\"_PID\":\"7\"}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build),	 cmocka_unit_test(test_connect),
		cmocka_unit_test(test_records),	 cmocka_unit_test(test_events),
		cmocka_unit_test(test_programs),
	};

	return cmocka_run_group_tests_name("redact_rules", tests, NULL, NULL);
}
