// SPDX-License-Identifier: BSD-3-Clause
#include "facts/nft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Rules as `nft -j list ruleset` (1.0.6) prints them, without what does not matter. */
#define CHAIN(name, hook)                                                                          \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"" name "\"" hook "}},"
#define HOOK(policy) ",\"hook\":\"input\",\"policy\":\"" policy "\""
#define RULE(chain, expressions)                                                                   \
	"{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"" chain                        \
	"\",\"expr\":[" expressions "]}},"
#define MATCH(op, left, right)                                                                     \
	"{\"match\":{\"op\":\"" op "\",\"left\":" left ",\"right\":" right "}},"
#define DPORT	   "{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}}"
#define UDP	   "{\"payload\":{\"protocol\":\"udp\",\"field\":\"dport\"}}"
#define STATE	   "{\"ct\":{\"key\":\"state\"}}"
#define IIF	   "{\"meta\":{\"key\":\"iifname\"}}"
#define DADDR	   "{\"payload\":{\"protocol\":\"ip\",\"field\":\"daddr\"}}"
#define ACCEPT	   "{\"accept\":null}"
#define DROP	   "{\"drop\":null}"
#define STATUS	   "{\"ct\":{\"key\":\"status\"}}"
#define VMAP(set)  "{\"vmap\":{\"key\":" STATE ",\"data\":{\"set\":[" set "]}}},"
#define JUMP(name) "{\"jump\":{\"target\":\"" name "\"}}"

static const struct {
	const char *what;
	const char *rules;
	enum {
		PASSES,
		UNTOLD, /* unless something that is not understood accepts it */
		DROPPED,
	} answer;
} cases[] = {
	{"no chain at all", "", PASSES},
	{"a chain that accepts", CHAIN("in", HOOK("accept")), PASSES},
	{"a policy that drops", CHAIN("in", HOOK("drop")), DROPPED},
	{"another port is accepted",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", DPORT, "22") ACCEPT), DROPPED},
	{"the port is accepted",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", DPORT, "64535") ACCEPT), PASSES},
	{"a range that has it",
	 CHAIN("in", HOOK("drop"))
		 RULE("in", MATCH("==", DPORT, "{\"range\":[64000,65535]}") ACCEPT),
	 PASSES},
	{"a set with a range that has it",
	 CHAIN("in", HOOK("drop"))
		 RULE("in", MATCH("==", DPORT, "{\"set\":[22,{\"range\":[64000,65535]}]}") ACCEPT),
	 PASSES},
	{"a named set may have it",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", DPORT, "\"@ports\"") ACCEPT), UNTOLD},
	{"all but it is accepted",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("!=", DPORT, "64535") ACCEPT), DROPPED},
	{"the same port of UDP",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", UDP, "64535") ACCEPT), DROPPED},
	{"another interface",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", IIF, "\"lo\"") ACCEPT), DROPPED},
	{"this interface",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", IIF, "\"eth0\"") ACCEPT), PASSES},
	{"interfaces that may be it",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", IIF, "\"eth*\"") ACCEPT), UNTOLD},
	{"only what is established",
	 CHAIN("in", HOOK("drop"))
		 RULE("in", MATCH("in", STATE, "[\"established\",\"related\"]") ACCEPT),
	 DROPPED},
	{"new ones, too",
	 CHAIN("in", HOOK("drop"))
		 RULE("in", MATCH("in", STATE, "[\"established\",\"new\"]") ACCEPT),
	 PASSES},
	{"invalid ones are dropped first, which this is not",
	 CHAIN("in", HOOK("accept")) RULE("in", MATCH("in", STATE, "\"invalid\"") DROP), PASSES},
	{"dropped by an address that is it",
	 CHAIN("in", HOOK("accept")) RULE("in", MATCH("==", DADDR, "\"192.0.2.1\"") DROP), DROPPED},
	{"dropped by a network that may be it",
	 CHAIN("in", HOOK("accept")) RULE(
		 "in", MATCH("==", DADDR, "{\"prefix\":{\"addr\":\"192.0.2.0\",\"len\":24}}") DROP),
	 PASSES},
	{"accepted where a chain jumps to",
	 CHAIN("in", HOOK("drop")) CHAIN("to", "") RULE("in", JUMP("to"))
		 RULE("to", MATCH("==", DPORT, "64535") ACCEPT),
	 PASSES},
	{"dropped behind a jump that comes back",
	 CHAIN("in", HOOK("accept")) CHAIN("to", "") RULE("in", JUMP("to")) RULE("in", DROP)
		 RULE("to", MATCH("==", DPORT, "22") ACCEPT),
	 DROPPED},
	{"a chain that jumps to itself", CHAIN("in", HOOK("drop")) RULE("in", JUMP("in")), PASSES},
	{"a limit may accept it",
	 CHAIN("in", HOOK("drop")) RULE("in", "{\"limit\":{\"rate\":1}}," ACCEPT), UNTOLD},
	{"a limit may drop it",
	 CHAIN("in", HOOK("accept")) RULE("in", "{\"limit\":{\"rate\":1}}," DROP), PASSES},
	{"a map may accept it",
	 CHAIN("in", HOOK("drop")) RULE("in", "{\"vmap\":{\"key\":1,\"data\":2}}"), UNTOLD},
	{"counted and rejected",
	 CHAIN("in", HOOK("accept"))
		 RULE("in", "{\"counter\":{\"packets\":1,\"bytes\":2}},{\"reject\":{}}"),
	 DROPPED},
	{"what iptables wrote may accept it",
	 CHAIN("in", HOOK("drop")) RULE("in", "{\"xt\":null}," ACCEPT), UNTOLD},
	{"what iptables wrote, of another port",
	 CHAIN("in", HOOK("drop")) RULE("in", "{\"xt\":null}," ACCEPT)
		 RULE("in", MATCH("==", DPORT, "22") ACCEPT),
	 UNTOLD},
	{"what iptables wrote, then the port",
	 CHAIN("in", HOOK("drop")) RULE("in", "{\"xt\":null}," ACCEPT)
		 RULE("in", MATCH("==", DPORT, "64535") ACCEPT),
	 PASSES},
	{"what iptables wrote, with its own end",
	 CHAIN("in", HOOK("accept")) RULE("in", "{\"xt\":null}," ACCEPT)
		 RULE("in", "{\"counter\":{\"packets\":1}},{\"xt\":null}"),
	 UNTOLD},
	{"what iptables wrote, with a match at its end",
	 CHAIN("in", HOOK("accept")) RULE("in", "{\"xt\":null}," DROP), PASSES},
	{"firewalld's beginning",
	 CHAIN("in", HOOK("accept")) RULE(
		 "in", MATCH("in", STATE, "{\"set\":[\"established\",\"related\"]}") ACCEPT)
		 RULE("in", MATCH("in", STATUS, "\"dnat\"") ACCEPT) RULE("in", "{\"reject\":{}}"),
	 DROPPED},
	{"a map of states without it",
	 CHAIN("in", HOOK("drop"))
		 RULE("in", VMAP("[\"established\"," ACCEPT "],[\"related\"," ACCEPT "]")),
	 DROPPED},
	{"a map of states that accepts it",
	 CHAIN("in", HOOK("drop"))
		 RULE("in", VMAP("[\"established\"," ACCEPT "],[\"new\"," ACCEPT "]")),
	 PASSES},
	{"a map of states that drops it",
	 CHAIN("in", HOOK("accept")) RULE("in", VMAP("[\"new\"," DROP "]")), DROPPED},
	{"a map of states that jumps and comes back",
	 CHAIN("in", HOOK("drop")) CHAIN("to", "") RULE("in", VMAP("[\"new\"," JUMP("to") "]"))
		 RULE("to", MATCH("==", DPORT, "22") ACCEPT),
	 DROPPED},
	{"a map of states with one for all others",
	 CHAIN("in", HOOK("drop")) RULE("in", VMAP("[\"*\"," ACCEPT "]")), UNTOLD},
	{"forwarded packets are another matter",
	 CHAIN("fw", ",\"hook\":\"forward\",\"policy\":\"drop\""), PASSES},
};

static void test_drops_when_rules_are_read_then_only_what_is_certain(void **state)
{
	const struct nft_packet packet = {.interface = "eth0",
					  .family = 4,
					  .to = "192.0.2.1",
					  .port = 64535,
					  .ct_state = "new"};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nft_chain chain = {0};
		char text[2048];
		json_t *rules;

		snprintf(text, sizeof(text), "{\"nftables\":[%s{\"metainfo\":{}}]}",
			 cases[i].rules);
		/* What ends a list of expressions or of matches */
		for (char *comma; (comma = strstr(text, ",]"));)
			memmove(comma, comma + 1, strlen(comma));
		rules = json_loads(text, 0, NULL);
		if (!rules)
			fail_msg("%s: no JSON: %s", cases[i].what, text);
		if (facts_nft_drops(rules, &packet, &chain) != (cases[i].answer == DROPPED))
			fail_msg("%s: expected %d", cases[i].what, cases[i].answer);
		if (facts_nft_may_drop(rules, &packet, &chain) != (cases[i].answer != PASSES))
			fail_msg("%s: may not be told", cases[i].what);
		if (cases[i].answer != PASSES)
			assert_string_equal(chain.name, "in");
		json_decref(rules);
	}
}

static void test_drops_when_there_are_no_rules_then_not(void **state)
{
	const struct nft_packet packet = {
		.interface = "eth0", .family = 6, .to = "::1", .port = 1, .ct_state = "new"};
	struct nft_chain chain;

	assert_false(facts_nft_drops(NULL, &packet, &chain));
}

static void test_forget_dormant_when_a_table_sleeps_then_only_its_chains_are_gone(void **state)
{
	static const struct {
		const char *listing;
		bool dropped;
	} steps[] = {
		{"table ip t {\n\tflags dormant\n}\n"
		 "table inet u {\n\tflags dormant\n}\n"
		 "table inet t {\n\tset s {\n\t\tflags dormant\n\t}\n}\n",
		 true},
		{"table inet t {\n\tcomment \"x\"\n\tflags dormant\n}\n", false},
	};
	const struct nft_packet packet = {
		.interface = "eth0", .family = 4, .to = "192.0.2.1", .port = 1, .ct_state = "new"};
	json_t *rules = json_loads("{\"nftables\":[" CHAIN("in", HOOK("drop")) "{}]}", 0, NULL);
	struct nft_chain chain;

	assert_non_null(rules);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		FILE *listing = fmemopen((void *)steps[i].listing, strlen(steps[i].listing), "r");

		assert_non_null(listing);
		facts_nft_forget_dormant(rules, listing);
		fclose(listing);
		assert_int_equal(facts_nft_drops(rules, &packet, &chain), steps[i].dropped);
	}
	json_decref(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drops_when_rules_are_read_then_only_what_is_certain),
		cmocka_unit_test(test_drops_when_there_are_no_rules_then_not),
		cmocka_unit_test(
			test_forget_dormant_when_a_table_sleeps_then_only_its_chains_are_gone),
	};

	return cmocka_run_group_tests_name("facts_nft", tests, NULL, NULL);
}
