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
#define JUMP(name) "{\"jump\":{\"target\":\"" name "\"}}"

static const struct {
	const char *what;
	const char *rules;
	bool dropped;
} cases[] = {
	{"no chain at all", "", false},
	{"a chain that accepts", CHAIN("in", HOOK("accept")), false},
	{"a policy that drops", CHAIN("in", HOOK("drop")), true},
	{"another port is accepted",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", DPORT, "22") ACCEPT), true},
	{"the port is accepted",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", DPORT, "64535") ACCEPT), false},
	{"a range that has it",
	 CHAIN("in", HOOK("drop"))
		 RULE("in", MATCH("==", DPORT, "{\"range\":[64000,65535]}") ACCEPT),
	 false},
	{"a set with a range that has it",
	 CHAIN("in", HOOK("drop"))
		 RULE("in", MATCH("==", DPORT, "{\"set\":[22,{\"range\":[64000,65535]}]}") ACCEPT),
	 false},
	{"a named set may have it",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", DPORT, "\"@ports\"") ACCEPT), false},
	{"all but it is accepted",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("!=", DPORT, "64535") ACCEPT), true},
	{"the same port of UDP",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", UDP, "64535") ACCEPT), true},
	{"another interface",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", IIF, "\"lo\"") ACCEPT), true},
	{"this interface",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", IIF, "\"eth0\"") ACCEPT), false},
	{"interfaces that may be it",
	 CHAIN("in", HOOK("drop")) RULE("in", MATCH("==", IIF, "\"eth*\"") ACCEPT), false},
	{"only what is established",
	 CHAIN("in", HOOK("drop"))
		 RULE("in", MATCH("in", STATE, "[\"established\",\"related\"]") ACCEPT),
	 true},
	{"new ones, too",
	 CHAIN("in", HOOK("drop"))
		 RULE("in", MATCH("in", STATE, "[\"established\",\"new\"]") ACCEPT),
	 false},
	{"invalid ones are dropped first, which this is not",
	 CHAIN("in", HOOK("accept")) RULE("in", MATCH("in", STATE, "\"invalid\"") DROP), false},
	{"dropped by an address that is it",
	 CHAIN("in", HOOK("accept")) RULE("in", MATCH("==", DADDR, "\"192.0.2.1\"") DROP), true},
	{"dropped by a network that may be it",
	 CHAIN("in", HOOK("accept")) RULE(
		 "in", MATCH("==", DADDR, "{\"prefix\":{\"addr\":\"192.0.2.0\",\"len\":24}}") DROP),
	 false},
	{"accepted where a chain jumps to",
	 CHAIN("in", HOOK("drop")) CHAIN("to", "") RULE("in", JUMP("to"))
		 RULE("to", MATCH("==", DPORT, "64535") ACCEPT),
	 false},
	{"dropped behind a jump that comes back",
	 CHAIN("in", HOOK("accept")) CHAIN("to", "") RULE("in", JUMP("to")) RULE("in", DROP)
		 RULE("to", MATCH("==", DPORT, "22") ACCEPT),
	 true},
	{"a chain that jumps to itself", CHAIN("in", HOOK("drop")) RULE("in", JUMP("in")), false},
	{"a limit may accept it",
	 CHAIN("in", HOOK("drop")) RULE("in", "{\"limit\":{\"rate\":1}}," ACCEPT), false},
	{"a limit may drop it",
	 CHAIN("in", HOOK("accept")) RULE("in", "{\"limit\":{\"rate\":1}}," DROP), false},
	{"a map may accept it",
	 CHAIN("in", HOOK("drop")) RULE("in", "{\"vmap\":{\"key\":1,\"data\":2}}"), false},
	{"counted and rejected",
	 CHAIN("in", HOOK("accept"))
		 RULE("in", "{\"counter\":{\"packets\":1,\"bytes\":2}},{\"reject\":{}}"),
	 true},
	{"what iptables wrote may accept it",
	 CHAIN("in", HOOK("drop")) RULE("in", "{\"xt\":null}," ACCEPT), false},
	{"forwarded packets are another matter",
	 CHAIN("fw", ",\"hook\":\"forward\",\"policy\":\"drop\""), false},
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
		if (facts_nft_drops(rules, &packet, &chain) != cases[i].dropped)
			fail_msg("%s: expected %d", cases[i].what, cases[i].dropped);
		if (cases[i].dropped)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drops_when_rules_are_read_then_only_what_is_certain),
		cmocka_unit_test(test_drops_when_there_are_no_rules_then_not),
	};

	return cmocka_run_group_tests_name("facts_nft", tests, NULL, NULL);
}
