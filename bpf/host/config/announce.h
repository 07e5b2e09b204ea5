/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of announce. For options.c. */
#pragma once

#define ANNOUNCE_OPTIONS                                                                           \
	{.key = "announce.interface",                                                              \
	 .type = CONFIG_INTERFACE,                                                                 \
	 .optional_text = true,                                                                    \
	 .fallback = "",                                                                           \
	 AT(announce.interface),                                                                   \
	 .apply = CONFIG_APPLY_CONTROL,                                                            \
	 .help = "A dummy interface for BIRD or FRR to look at (FLEET.md). "                       \
		 "sallyportd puts public.addresses there while this edge may have "                \
		 "traffic, and they announce what is there. Not given: sallyportd "                \
		 "announces nothing."},                                                            \
		{.key = "announce.last_resort",                                                    \
		 .type = CONFIG_INTERFACE,                                                         \
		 .optional_text = true,                                                            \
		 .fallback = "",                                                                   \
		 AT(announce.last_resort),                                                         \
		 .apply = CONFIG_APPLY_CONTROL,                                                    \
		 .help = "Another, for addresses that are to be announced by RFC "                 \
			 "8326, so that routers take this edge only if there is no "               \
			 "other: while it is drained, and while it does not know "                 \
			 "what the fleet's store has. Not given: they are "                        \
			 "withdrawn then."},                                                       \
		{.key = "announce.without_store",                                                  \
		 .type = CONFIG_CHOICE,                                                            \
		 .choices = without_stores,                                                        \
		 .fallback = "last-resort",                                                        \
		 AT(announce.without_store),                                                       \
		 .apply = CONFIG_APPLY_CONTROL,                                                    \
		 .help = "What an edge of a fleet does that cannot follow the "                    \
			 "store, or is behind it: become the last resort, so that "                \
			 "sessions go on when the store is away for all edges, or "                \
			 "withdraw its routes."},                                                  \
		{.key = "announce.hold",                                                           \
		 .type = CONFIG_DURATION,                                                          \
		 .fallback = "5s",                                                                 \
		 AT(announce.hold_ns),                                                             \
		 .min = 2 * NS_PER_S,                                                              \
		 .max = 60 * NS_PER_S,                                                             \
		 .apply = CONFIG_APPLY_CONTROL,                                                    \
		 .help = "How long an announcement outlasts sallyportd. The kernel "               \
			 "removes the addresses then, and a restart that is faster "               \
			 "withdraws nothing. Whole seconds."},                                     \
		{.key = "announce.drain_wait",                                                     \
		 .type = CONFIG_DURATION,                                                          \
		 .fallback = "10s",                                                                \
		 AT(announce.drain_wait_ns),                                                       \
		 .max = 3600 * NS_PER_S,                                                           \
		 .apply = CONFIG_APPLY_CONTROL,                                                    \
		 .help = "How long routers have to move to other edges when this "                 \
			 "one is drained, before its routes are withdrawn."},
