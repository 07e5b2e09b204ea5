/* SPDX-License-Identifier: BSD-3-Clause */
#include "runner/look.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "host/boottime.h"
#include "host/log.h"
#include "runner/ask.h"
#include "runner/label.h"
#include "runner/options.h"
#include "runner/runner.h"
#include "runner/sessions.h"
#include "runner/vms.h"

#define ENDS_MAX   64 /* of one look: the next one goes on */
#define PATH_BYTES 256
#define OK_STATUS  200

struct look {
	struct runner *runner;
	uint64_t now_ns;
	json_t *builds; /* of ours that are live, the newest last, but for those that are finished
			 */
	unsigned int nr_ends;
};

/* Adds a page to what is kept. Result: 0 or -EHOSTDOWN; ret_next is "" behind the last. */
static int read_page(struct look *look, const char *path, char ret_next[RUNNER_LABEL_ID_BYTES])
{
	const char *text = "", *next = NULL, *id;
	json_t *page, *builds = NULL, *build;
	struct sp_addr addr;
	size_t i;

	if (runner_ask_call(look->runner->ask, "GET", path, NULL, &text) != OK_STATUS)
		return -EHOSTDOWN;
	page = json_loads(text, 0, NULL);
	json_unpack(page, "{s:o, s?:s}", "builds", &builds, "next", &next);
	json_array_foreach (builds, i, build) {
		id = json_string_value(json_object_get(build, "id"));
		if (id && strlen(id) < RUNNER_LABEL_ID_BYTES && runner_label_vm(id, &addr) == 0)
			json_array_append(look->builds, build);
	}
	snprintf(ret_next, RUNNER_LABEL_ID_BYTES, "%s", next ? next : "");
	json_decref(page);
	return builds ? 0 : -EHOSTDOWN;
}

static int read_state(struct look *look, const char *state)
{
	char path[PATH_BYTES], next[RUNNER_LABEL_ID_BYTES] = "";
	int error;

	do {
		snprintf(path, sizeof(path), "/v1/builds?state=%s&limit=1000%s%s", state,
			 next[0] ? "&after=" : "", next);
		error = read_page(look, path, next);
	} while (!error && next[0]);
	return error;
}

static void unsee(void *context, struct vm *vm)
{
	vm->seen = false;
}

static void end(struct look *look, const char *id, const char *sentence)
{
	struct reply reply = {0};

	if (look->nr_ends++ >= ENDS_MAX)
		return;
	if (runner_sessions_cancel(look->runner, id, &reply))
		log_write(LOG_NOTICE, sentence, log_string("build", id));
}

/*
 * A VM's port was seen to answer, and answers no more: its state in the build says so. While
 * packets of the VM come nevertheless it is there, and somebody who was let in sooner.
 */
static void take_silence(struct look *look, struct vm *vm, json_t *build)
{
	const char *state = "";
	json_int_t packets = 0;

	json_unpack(build, "{s:[{s:s, s:{s:{s:I}}}]}", "nodes", "state", &state, "usage",
		    "to_client", "packets", &packets);
	if (strcmp(state, "unreachable") != 0)
		vm->silent_ns = 0;
	else if (!vm->silent_ns || packets != vm->packets)
		vm->silent_ns = look->now_ns;
	vm->packets = packets;
}

static void take(struct look *look, json_t *build)
{
	const char *id = json_string_value(json_object_get(build, "id"));
	struct sp_addr addr;
	struct vm *vm;

	runner_label_vm(id, &addr);
	vm = runner_vms_find(look->runner->vms, &addr);
	if (!vm)
		return;
	if (vm->seen) {
		end(look, vm->id, "A session was ended: its VM has a newer one.");
		vm->silent_ns = 0;
	}
	vm->seen = true;
	if (strcmp(vm->id, id) != 0)
		vm->silent_ns = 0;
	snprintf(vm->id, sizeof(vm->id), "%s", id);
	take_silence(look, vm, build);
}

/* What the daemon does not know is over; what has been silent for long, too. */
static void settle(void *context, struct vm *vm)
{
	struct look *look = context;

	if (!vm->seen) {
		vm->id[0] = '\0';
		vm->silent_ns = 0;
	}
	if (vm->silent_ns && look->now_ns - vm->silent_ns >= look->runner->options->gone_ns)
		end(look, vm->id, "A session was ended: its VM's port answers no more.");
}

int runner_look(struct runner *runner)
{
	struct look look = {
		.runner = runner,
		.now_ns = boottime_now_ns(),
		.builds = json_array(),
	};
	json_t *build;
	size_t i;
	int error;

	error = read_state(&look, "finished");
	if (!error)
		error = read_state(&look, "running");
	if (!error) {
		runner_vms_each(runner->vms, unsee, NULL);
		json_array_foreach (look.builds, i, build)
			take(&look, build);
		runner_vms_each(runner->vms, settle, &look);
		runner->known = true;
	}
	json_decref(look.builds);
	runner_vms_forget_idle(runner->vms, look.now_ns);
	runner_refused_tell(&runner->refused);
	return error;
}
