/* SPDX-License-Identifier: BSD-3-Clause */
#include "roster/roster.h"

#include <stdio.h>
#include <string.h>

/*
 * Each row: member, kind, how many, other values of its shape, example, how it is written, head,
 * metric, help. The versions of clang-format differ here.
 */
/* clang-format off */
#define FLEET_ROWS(X)                                                                              \
	X("", "edge", STRING, ONE, NULL, "edge-1", TEXT, NULL, NULL, "the edge that says so")      \
	X("", "current", BOOLEAN, ONE, NULL, "true", FLAG, "current", "sallyport_fleet_current",   \
	  "whether this edge has what the store has, and others know that it is there")            \
	X("", "reason", STRING, OR_NULL, NULL, "it is cut off from the store", TEXT, NULL, NULL,   \
	  "why it may lack something")                                                             \
	X("", "waiting", INTEGER, ONE, NULL, "0", COUNT, "waiting", "sallyport_fleet_waiting",     \
	  "builds that are still to be made here as the store has them")                           \
	X("", "refused", INTEGER, ONE, NULL, "0", COUNT, "refused", "sallyport_fleet_refused",     \
	  "builds of the store that sallyportd refuses here")                                      \
	X("", "owed", INTEGER, ONE, NULL, "0", COUNT, "owed", "sallyport_fleet_owed",              \
	  "builds that have ended here, of which the store is still to be told")                   \
	X("", "clock_limit_ms", INTEGER, ONE, NULL, "2000", MS, NULL,                              \
	  "sallyport_fleet_clock_limit_seconds",                                                   \
	  "how far a clock may be wrong (fleet.clock_bound); 0: as far as it likes")

#define STORE_ROWS(X)                                                                              \
	X("", "followed", BOOLEAN, ONE, NULL, "true", FLAG, "followed",                            \
	  "sallyport_fleet_store_followed", "whether the store answers, and is followed")          \
	X("", "adopted", BOOLEAN, ONE, NULL, "true", FLAG, "adopted",                              \
	  "sallyport_fleet_store_adopted",                                                         \
	  "whether the store has the data that it had: its epoch is as it was")                    \
	X("", "revision", INTEGER, ONE, NULL, "4711", COUNT, "revision",                           \
	  "sallyport_fleet_store_revision", "the newest change of a build in the store")           \
	X("", "epoch", STRING, OR_NULL, NULL, "5f0c41d2a9c3b7e8", TEXT, "epoch", NULL,             \
	  "which data the store has: another is made when that was lost")                          \
	X("", "member", STRING, ONE, NULL, "http://10.1.0.1:2379", TEXT, "asked", NULL,            \
	  "the member of etcd that is asked now")

#define MEMBER_ROWS(X)                                                                             \
	X("", "url", STRING, ONE, NULL, "http://10.1.0.1:2379", TEXT, "MEMBER", NULL,              \
	  "a member of etcd, as fleet.etcd names it")                                              \
	X("", "reachable", BOOLEAN, ONE, NULL, "true", FLAG, "ANSWERS",                            \
	  "sallyport_fleet_member_reachable",                                                      \
	  "whether a member of etcd answers this edge, and has a leader")                          \
	X("", "leads", BOOLEAN, ONE, NULL, "true", FLAG, "LEADS", "sallyport_fleet_member_leads",  \
	  "whether a member of etcd is the leader")                                                \
	X("", "version", STRING, OR_NULL, NULL, "3.4.23", TEXT, "VERSION", NULL, "its version")    \
	X("", "why", STRING, OR_NULL, NULL, "Connection refused", TEXT, "WHY", NULL,               \
	  "why it counts for nothing")

#define EDGE_ROWS(X)                                                                               \
	X("", "name", STRING, ONE, NULL, "edge-1", TEXT, "EDGE", NULL, "its edge.name")            \
	X("", "self", BOOLEAN, ONE, NULL, "true", FLAG, NULL, NULL, "it is the edge that says so") \
	X("", "alive", BOOLEAN, ONE, NULL, "true", FLAG, "ALIVE", "sallyport_fleet_edge_alive",    \
	  "whether an edge is heard of; one that was lost is told of for a day")                   \
	X("", "lost_at", TIME, OR_NULL, NULL, NULL, TIME, "LOST", NULL,                            \
	  "when it was heard of no longer")                                                        \
	X("", "announced", STRING, OR_NULL, "announced|last-resort|withdrawn", "announced", ROUTE, \
	  "ROUTES", "sallyport_fleet_edge_announced",                                              \
	  "what routers are told of an edge, as it says: 2 announced, 1 last resort, 0 withdrawn") \
	X("", "behind", INTEGER, ONE, NULL, "0", COUNT, "BEHIND",                                  \
	  "sallyport_fleet_edge_behind_revisions",                                                 \
	  "by how many revisions an edge is behind the store")                                     \
	X("", "lag_ms", INTEGER, ONE, NULL, "0", MS, "LAG", "sallyport_fleet_edge_lag_seconds",    \
	  "for how long an edge has lacked something of the store, looked at each second")         \
	X("", "applied", INTEGER, ONE, NULL, "4711", COUNT, "APPLIED",                             \
	  "sallyport_fleet_edge_applied_revision",                                                 \
	  "the revision up to which an edge has everything")                                       \
	X("", "removed", INTEGER, ONE, NULL, "4711", COUNT, "REMOVED",                             \
	  "sallyport_fleet_edge_removed_revision",                                                 \
	  "the revision up to which an edge has nothing left of what ended")                       \
	X("", "since", TIME, OR_NULL, NULL, NULL, TIME, NULL, NULL,                                \
	  "when its sallyport-fleet was started")

#define EDGE_WHY_ROW(X)                                                                            \
	X("", "why", STRING, OR_NULL, NULL, "it is drained", TEXT, "WHY", NULL,                    \
	  "why it is not announced")

#define CLOCK_ROWS(X)                                                                              \
	X("clock.", "synchronised", BOOLEAN, ONE, NULL, "true", FLAG, "SYNCED",                    \
	  "sallyport_fleet_edge_clock_synchronised",                                               \
	  "whether the clock of an edge is synchronised, by its kernel's word")                    \
	X("clock.", "bound_ms", INTEGER, ONE, NULL, "12", MS, "BOUND",                             \
	  "sallyport_fleet_edge_clock_bound_seconds",                                              \
	  "how far the clock of an edge may be wrong, by its kernel's word")                       \
	X("clock.", "ahead_ms", INTEGER, OR_NULL, NULL, "0", MS, "AHEAD",                          \
	  "sallyport_fleet_edge_clock_ahead_seconds",                                              \
	  "by how much the clock of an edge is ahead of this one's, at least")
/* clang-format on */

#define MEMBER(inside, name_, kind_, many_, values_, example_, as, head, metric, help_)            \
	{.name = (name_),                                                                          \
	 .kind = JSON_SHAPE_##kind_,                                                               \
	 .many = JSON_SHAPE_##many_,                                                               \
	 .values = (values_),                                                                      \
	 .example = (example_),                                                                    \
	 .help = (help_)},
#define FIGURE(inside, name_, kind_, many_, values_, example_, as_, head_, metric_, help_)         \
	{.member = inside name_,                                                                   \
	 .as = ROSTER_##as_,                                                                       \
	 .head = (head_),                                                                          \
	 .metric = (metric_),                                                                      \
	 .help = (help_)},

const struct roster_figure roster_fleet[] = {FLEET_ROWS(FIGURE){0}};
const struct roster_figure roster_store[] = {STORE_ROWS(FIGURE){0}};
const struct roster_figure roster_members[] = {MEMBER_ROWS(FIGURE){0}};
const struct roster_figure roster_edges[] = {EDGE_ROWS(FIGURE) CLOCK_ROWS(FIGURE)
						     EDGE_WHY_ROW(FIGURE){0}};

const struct json_shape roster_clock_shape = {
	.name = "FleetClock",
	.members = (const struct json_shape_member[]){CLOCK_ROWS(MEMBER){0}},
};

const struct json_shape roster_edge_shape = {
	.name = "FleetEdge",
	.help = "An edge of the fleet",
	.members =
		(const struct json_shape_member[]){
			EDGE_ROWS(MEMBER) EDGE_WHY_ROW(MEMBER){"clock", JSON_SHAPE_OBJECT,
							       .shape = &roster_clock_shape},
			{0},
		},
};

const struct json_shape roster_member_shape = {
	.name = "FleetMember",
	.help = "A member of etcd",
	.members = (const struct json_shape_member[]){MEMBER_ROWS(MEMBER){0}},
};

const struct json_shape roster_store_shape = {
	.name = "FleetStore",
	.members =
		(const struct json_shape_member[]){
			STORE_ROWS(MEMBER){"members", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
					   .shape = &roster_member_shape},
			{0},
		},
};

const struct json_shape roster_shape = {
	.name = "Fleet",
	.help = "The fleet, as one of its edges knows it",
	.members =
		(const struct json_shape_member[]){
			FLEET_ROWS(MEMBER){"store", JSON_SHAPE_OBJECT,
					   .shape = &roster_store_shape},
			{"edges", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &roster_edge_shape},
			{0},
		},
};

bool roster_is_fresh(const struct roster_heard *heard, uint64_t now_ns)
{
	return heard->said && now_ns - heard->heard_ns < ROSTER_FRESH_NS;
}

const json_t *roster_find(const struct roster_figure *figure, const json_t *object)
{
	const char *dot = strchr(figure->member, '.');
	const json_t *value;
	char inside[16];

	if (dot) {
		snprintf(inside, sizeof(inside), "%.*s", (int)(dot - figure->member),
			 figure->member);
		object = json_object_get(object, inside);
	}
	value = json_object_get(object, dot ? dot + 1 : figure->member);
	return json_is_null(value) ? NULL : value;
}

const char *roster_print(const struct roster_figure *figure, const json_t *object,
			 char text[ROSTER_TEXT_BYTES])
{
	const json_t *value = roster_find(figure, object);

	if (!value)
		return "-";
	switch (figure->as) {
	case ROSTER_COUNT:
		snprintf(text, ROSTER_TEXT_BYTES, "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		return text;
	case ROSTER_MS:
		snprintf(text, ROSTER_TEXT_BYTES, "%.3f s",
			 (double)json_integer_value(value) / 1000);
		return text;
	case ROSTER_FLAG:
		return json_is_true(value) ? "yes" : "no";
	default:
		return json_is_string(value) ? json_string_value(value) : "-";
	}
}

static double measure_route(const char *text)
{
	return !text ? 0 : strcmp(text, "announced") == 0 ? 2 : strcmp(text, "last-resort") == 0;
}

bool roster_measure(const struct roster_figure *figure, const json_t *object, double *ret_number)
{
	const json_t *value = roster_find(figure, object);

	if (!value || !figure->metric)
		return false;
	switch (figure->as) {
	case ROSTER_FLAG:
		*ret_number = json_is_true(value);
		return true;
	case ROSTER_COUNT:
		*ret_number = (double)json_integer_value(value);
		return true;
	case ROSTER_MS:
		*ret_number = (double)json_integer_value(value) / 1000;
		return true;
	case ROSTER_ROUTE:
		*ret_number = measure_route(json_string_value(value));
		return true;
	default:
		return false;
	}
}
