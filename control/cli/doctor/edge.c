/* SPDX-License-Identifier: BSD-3-Clause */
/* What doctor makes of the daemon's own account. */
#include <stdbool.h>
#include <string.h>

#include "cli/doctor/checks.h"
#include "cli/doctor/finding.h"
#include "cli/talk/talk.h"

#define HOOKS_MANY   10
#define RECORDS_MANY 10000 /* changes of connections: more than a moment's */

static void check_program(struct doctor *doctor, const json_t *interface)
{
	const char *name = talk_text(interface, "name"), *mode = talk_text(interface, "mode");

	if (json_is_true(json_object_get(interface, "foreign")))
		doctor_finding_say(
			doctor, "program", DOCTOR_FAILURE,
			"%s has somebody else's XDP program. ip link set %s xdp off: then "
			"sallyportd puts its own there.",
			name, name);
	else if (json_is_string(json_object_get(interface, "problem")))
		doctor_finding_say(
			doctor, "program", DOCTOR_FAILURE,
			"%s. sallyportd puts it right as soon as that can be done; see its log.",
			talk_text(interface, "problem"));
	else if (strcmp(talk_text(interface, "attachment"), "none") == 0)
		doctor_finding_say(doctor, "program", DOCTOR_FAILURE,
				   "The XDP program is not attached to %s. Restart sallyportd.",
				   name);
	else if (strcmp(talk_text(interface, "called"), name) != 0)
		doctor_finding_say(
			doctor, "program", DOCTOR_WARNING,
			"%s is called %s now: it carries on until the next start. Name it in "
			"the configuration.",
			name, talk_text(interface, "called"));
	else
		doctor_finding_say(doctor, "program", DOCTOR_OK, "The XDP program runs on %s, %s.",
				   name, mode);
}

/* The mode is a fact of the host too; the daemon knows more of it only in a driver's own words. */
static bool is_said(const struct doctor *doctor, const char *warning)
{
	const json_t *finding;
	size_t i;

	if (!strstr(warning, "the slower generic mode") || strstr(warning, " natively "))
		return false;
	json_array_foreach (doctor->findings, i, finding)
		if (strcmp(talk_text(finding, "check"), "mode") == 0)
			return true;
	return false;
}

static void check_programs(struct doctor *doctor)
{
	const json_t *kernel = json_object_get(doctor->status, "kernel"), *each;
	size_t i;

	json_array_foreach (json_object_get(kernel, "interfaces"), i, each)
		check_program(doctor, each);
	json_array_foreach (json_object_get(kernel, "warnings"), i, each)
		if (!is_said(doctor, json_string_value(each)))
			doctor_finding_say(doctor, "kernel", DOCTOR_WARNING, "%s",
					   json_string_value(each));
}

static bool lacks_program(const struct doctor *doctor)
{
	const json_t *kernel = json_object_get(doctor->status, "kernel"), *each;
	size_t i;

	json_array_foreach (json_object_get(kernel, "interfaces"), i, each)
		if (json_is_string(json_object_get(each, "problem")))
			return true;
	return false;
}

static void check_carrier(struct doctor *doctor)
{
	const char *wanted = talk_text(doctor->status, "engine");
	const char *now = talk_text(doctor->status, "carrying");
	const json_t *left = json_object_get(doctor->status, "left_to_xdp"), *why;
	size_t i;

	json_array_foreach (left, i, why)
		doctor_finding_say(
			doctor, "engine", DOCTOR_WARNING,
			"sallyport-dp leaves all packets to the XDP program, because %s.",
			json_string_value(why));
	if (json_array_size(left) > 0 && strcmp(now, "xdp") == 0)
		return;
	if (strcmp(now, "none") == 0 && lacks_program(doctor))
		doctor_finding_say(
			doctor, "engine", DOCTOR_FAILURE,
			"Nothing carries packets: an interface does not meet the program.");
	else if (strcmp(now, "none") == 0)
		doctor_finding_say(
			doctor, "engine", DOCTOR_FAILURE,
			"Nothing carries packets: sallyport-dp is away, and nobody may or can in "
			"its "
			"place (dataplane.fallback is none, or a side has a port). Start it.");
	else if (json_is_true(json_object_get(doctor->status, "workers_yield")))
		doctor_finding_say(doctor, "engine", DOCTOR_OK,
				   "%s carries while packets are few (dataplane.idle).", now);
	else if (strcmp(wanted, now) != 0)
		doctor_finding_say(
			doctor, "engine", DOCTOR_WARNING,
			"%s is configured and %s carries: sallyport-dp is away or hangs. See "
			"its log, and restart it.",
			wanted, now);
	else
		doctor_finding_say(doctor, "engine", DOCTOR_OK, "%s carries, as configured.", now);
}

static void check_journal(struct doctor *doctor)
{
	const json_t *since = json_object_get(doctor->status, "journal_failing_since");

	if (json_is_string(since))
		doctor_finding_say(
			doctor, "journal", DOCTOR_FAILURE,
			"The journal cannot be written since %s: changes are refused, and only "
			"ends of sessions are not. Its disk is full or broken: see the log of "
			"sallyportd.",
			json_string_value(since));
}

static void check_audit(struct doctor *doctor)
{
	const json_t *connections = json_object_get(doctor->status, "connections");

	if (json_is_true(json_object_get(connections, "audit_in_memory")))
		doctor_finding_say(
			doctor, "audit", DOCTOR_WARNING,
			"audit.db cannot be used: the audit of connections is in memory until it "
			"can. See the log of sallyportd, and put the file right.");
	if (json_integer_value(json_object_get(connections, "records_waiting")) >= RECORDS_MANY)
		doctor_finding_say(
			doctor, "audit", DOCTOR_WARNING,
			"audit.db is not written: its disk is full or broken. What becomes of "
			"connections waits in memory, and is lost if that lasts.");
}

static void check_hooks(struct doctor *doctor)
{
	const json_t *hooks = json_object_get(doctor->status, "hooks");
	json_int_t behind = json_integer_value(json_object_get(hooks, "behind"));

	if (behind >= HOOKS_MANY)
		doctor_finding_say(doctor, "hooks", DOCTOR_WARNING,
				   "sallyport-hooks has not delivered the last %lld events: it is "
				   "not running, or a "
				   "hook fails again and again. See its log; if hooks are not "
				   "wanted any more, "
				   "remove hooks.cursor from edge.state_dir.",
				   (long long)behind);
}

void doctor_edge_check(struct doctor *doctor)
{
	doctor_finding_say(doctor, "sallyportd", DOCTOR_OK, "It answers: %s, version %s.",
			   talk_text(doctor->status, "name"), talk_text(doctor->status, "version"));
	check_programs(doctor);
	check_carrier(doctor);
	check_journal(doctor);
	check_audit(doctor);
	check_hooks(doctor);
}
