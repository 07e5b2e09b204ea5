/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Why sallyport-dp leaves all packets to the XDP program, which asks the kernel about each one: the
 * kernel's routing has something of which it cannot say the same. One bit each; append only.
 */
#pragma once

#include <linux/types.h>

/* X(NAME, text): text follows "because". */
#define SP_LEFT_LIST(X)                                                                            \
	X(RULE, "there is a policy rule of a kind that it does not know")                          \
	X(SOURCES, "rules and routes tell more sources apart than it can")                         \
	X(ROUTERS, "the kernel goes from one to another of equal IPv6 routers")                    \
	X(LOCAL, "a local IPv4 prefix has longer routes within it, or throws")                     \
	X(ROOM, "there are more routes, next hops or rules than it has room for")                  \
	X(WITHIN, "a prefix with routes for some sources only has longer routes within it")

enum sp_left_bit {
#define X(name, text) SP_LEFT_BIT_##name,
	SP_LEFT_LIST(X)
#undef X
		SP_LEFT_BITS
};

enum sp_left {
	SP_LEFT_NOTHING = 0,
#define X(name, text) SP_LEFT_##name = 1 << SP_LEFT_BIT_##name,
	SP_LEFT_LIST(X)
#undef X
};
