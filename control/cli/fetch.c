/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/addr.h>

#include "cli/talk/fail.h"
#include "cli/talk/page.h"
#include "cli/talk/progress.h"
#include "host/addr.h"
#include "host/boottime.h"

#define ALL_AGAIN_LOOKS 30	  /* of two seconds each */
#define READ_MS		"read_ms" /* a member that we add: when a build was read */

static enum cli_exit out_of_memory(void)
{
	return talk_fail(CLI_EXIT_REFUSED, "out of memory");
}

static const struct page_argument arguments[] = {
	{"--state", "state", NULL},
	{"--address", "address", NULL},
	{0},
};

static bool has_actor(const json_t *build, const char *actor)
{
	const json_t *each;
	size_t i;

	json_array_foreach (json_object_get(build, "actors"), i, each)
		if (strcmp(json_string_value(each), actor) == 0)
			return true;
	return false;
}

static bool has_address(const json_t *build, const char *address)
{
	struct sp_addr wanted, addr;
	const json_t *node;
	size_t i;

	if (addr_parse(address, &wanted) < 0)
		return false;
	json_array_foreach (json_object_get(build, "nodes"), i, node)
		if (addr_parse(talk_text(node, "address"), &addr) == 0 &&
		    sp_addr_equal(&addr, &wanted))
			return true;
	return false;
}

/* With -o json all are listed that no option leaves out, as scripts expect of the API. */
static bool is_wanted(const struct cli *cli, const json_t *build)
{
	const char *actor = talk_option(cli, "--actor");
	const char *organisation = talk_option(cli, "--organisation");
	const char *state = talk_option(cli, "--state");
	const char *address = talk_option(cli, "--address");
	bool hide = !cli->json && !talk_option(cli, "--all") && !state;

	return (!state || strcmp(talk_text(build, "state"), state) == 0) &&
	       (!actor || has_actor(build, actor)) &&
	       (!organisation || strcmp(talk_text(build, "organisation"), organisation) == 0) &&
	       (!address || has_address(build, address)) &&
	       (!hide || strcmp(talk_text(build, "state"), "ended") != 0);
}

/* Adds what is wanted of one page to all. Result: CLI_EXIT_OK and *ret_next, 0 after the last. */
static enum cli_exit fetch_page(struct cli *cli, json_int_t after, json_t *all,
				json_int_t *ret_next)
{
	struct client_answer answer;
	enum cli_exit code = talk_page_get(cli, "/v1/builds?limit=250", arguments, after, &answer);
	json_t *page, *build;
	size_t i;

	if (code != CLI_EXIT_OK)
		return code;
	page = json_loadb(answer.body, answer.body_bytes, 0, NULL);
	talk_client_answer_clear(&answer);
	json_array_foreach (json_object_get(page, "builds"), i, build)
		if (is_wanted(cli, build))
			json_array_append(all, build);
	*ret_next = talk_number(page, "next");
	json_decref(page);
	return CLI_EXIT_OK;
}

enum cli_exit cli_fetch_all(struct cli *cli, json_t *all)
{
	enum cli_exit code;
	json_int_t next = 0;

	do {
		code = fetch_page(cli, next, all, &next);
		talk_progress("%zu builds so far", json_array_size(all));
	} while (code == CLI_EXIT_OK && next > 0);
	talk_progress_end();
	return code;
}

long cli_fetch_left_s(const json_t *build)
{
	json_int_t left_s = talk_number(build, "remaining_s"),
		   read_ms = talk_number(build, READ_MS);
	json_int_t now_ms = (json_int_t)(boottime_now_ns() / NS_PER_MS);

	if (read_ms)
		left_s -= (now_ms - read_ms) / 1000;
	return left_s > 0 ? (long)left_s : 0;
}

/* Keeps a build where it stands, unless it is another of the same id. */
static void put(struct cli_fetch *fetch, json_t *build)
{
	const char *id = talk_text(build, "id");
	const json_t *before = json_object_get(fetch->builds, id);

	if (strcmp(talk_text(before, "created_at"), talk_text(build, "created_at")) != 0)
		json_object_del(fetch->builds, id);
	json_object_set_new(build, READ_MS,
			    json_integer((json_int_t)(boottime_now_ns() / NS_PER_MS)));
	json_object_set(fetch->builds, id, build);
}

/* What happens while they are read is told by an event after that number. */
static enum cli_exit read_newest(struct cli *cli, struct cli_fetch *fetch)
{
	struct client_answer answer;
	enum cli_exit code = talk_call(cli, "GET", "/v1/status", NULL, &answer);
	json_t *status;

	if (code != CLI_EXIT_OK)
		return code;
	status = json_loadb(answer.body, answer.body_bytes, 0, NULL);
	fetch->changes.seq = (uint64_t)talk_number(json_object_get(status, "events"), "newest");
	json_decref(status);
	talk_client_answer_clear(&answer);
	return CLI_EXIT_OK;
}

static enum cli_exit look_at_all(struct cli *cli, struct cli_fetch *fetch)
{
	enum cli_exit code = read_newest(cli, fetch);
	json_t *all = json_array(), *build;
	size_t i;

	if (code == CLI_EXIT_OK)
		code = cli_fetch_all(cli, all);
	if (code == CLI_EXIT_OK) {
		json_decref(fetch->builds);
		fetch->builds = json_object();
		json_array_foreach (all, i, build)
			put(fetch, build);
		top_changes_clear(&fetch->changes);
		fetch->looks = 0;
	}
	json_decref(all);
	return code;
}

/* An answer of whatever status: answer is to be cleared. */
static enum cli_exit ask(struct cli *cli, const char *path, struct client_answer *ret_answer)
{
	int r = talk_client_call(cli->client, "GET", path, NULL, ret_answer);

	return r < 0 ? talk_fail_call(cli, r) : CLI_EXIT_OK;
}

static enum cli_exit take_build(const struct cli *cli, struct cli_fetch *fetch, const char *id,
				const struct client_answer *answer)
{
	json_t *build;

	if (answer->status != 200 && answer->status != 404)
		return talk_fail_answer(answer);
	build = answer->status == 200 ? json_loadb(answer->body, answer->body_bytes, 0, NULL)
				      : NULL;
	if (build && is_wanted(cli, build))
		put(fetch, build);
	else
		json_object_del(fetch->builds, id);
	json_decref(build);
	return CLI_EXIT_OK;
}

static enum cli_exit look_at_one(struct cli *cli, struct cli_fetch *fetch, const char *id)
{
	char *escaped = talk_client_escape(cli->client, id), *path = NULL;
	struct client_answer answer;
	enum cli_exit code;

	if (!escaped || asprintf(&path, "/v1/builds/%s", escaped) < 0)
		path = NULL;
	free(escaped);
	if (!path)
		return out_of_memory();
	code = ask(cli, path, &answer);
	free(path);
	if (code != CLI_EXIT_OK)
		return code;
	code = take_build(cli, fetch, id, &answer);
	talk_client_answer_clear(&answer);
	return code;
}

static enum cli_exit look_at_events(struct cli *cli, struct cli_fetch *fetch)
{
	char path[TOP_CHANGES_PATH_MAX];
	struct client_answer answer;
	enum cli_exit code = ask(cli, top_changes_path(&fetch->changes, path), &answer);

	if (code != CLI_EXIT_OK)
		return code;
	top_changes_take(&fetch->changes, answer.status, answer.body, NULL, NULL);
	talk_client_answer_clear(&answer);
	return CLI_EXIT_OK;
}

enum cli_exit cli_fetch_look(struct cli *cli, struct cli_fetch *fetch)
{
	enum cli_exit code;
	const char *id;

	if (!fetch->builds || fetch->looks++ >= ALL_AGAIN_LOOKS)
		return look_at_all(cli, fetch);
	code = look_at_events(cli, fetch);
	if (code == CLI_EXIT_OK && fetch->changes.all)
		return look_at_all(cli, fetch);
	while (code == CLI_EXIT_OK && (id = top_changes_next(&fetch->changes)))
		code = look_at_one(cli, fetch, id);
	return code;
}

void cli_fetch_clear(struct cli_fetch *fetch)
{
	json_decref(fetch->builds);
	fetch->builds = NULL;
}
