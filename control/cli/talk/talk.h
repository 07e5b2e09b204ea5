/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the command line client share: its table of verbs and how one is run. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "cli/talk/client.h"

#define CLI_DEFAULT_SOCKET  "/run/sallyport/api.sock"
#define CLI_DEFAULT_BPF_DIR "/sys/fs/bpf/sallyport"

enum cli_exit {
	CLI_EXIT_OK = 0,
	CLI_EXIT_REFUSED = 1, /* the daemon said no, or something of ours failed */
	CLI_EXIT_USAGE = 2,
	CLI_EXIT_UNREACHABLE = 3,
	CLI_EXIT_NOT_FOUND = 4,
	CLI_EXIT_CONFLICT = 5,
	CLI_EXIT_LIMIT = 6,
	CLI_EXIT_PERMISSION = 7,
};

struct cli_option {
	const char *name;     /* "--node" */
	const char *argument; /* "ADDR", NULL for a flag */
	const char *values;   /* "a b c" for completion, NULL for anything */
	const char *help;
	char letter; /* "-o" is 'o'; 0 for none */
};

/* A command line that shows what a verb is for. */
struct cli_example {
	const char *does; /* NULL ends the list */
	const char *line;
};

#define CLI_MOMENT_BYTES 40

/* An option as given on the command line. */
struct cli_given {
	const struct cli_option *option;
	const char *value;	       /* NULL for a flag */
	char moment[CLI_MOMENT_BYTES]; /* in RFC 3339, which value is then */
};

struct cli {
	const char *socket;
	bool socket_given; /* by --socket or the environment, not the default */
	bool json;	   /* -o json */
	struct client *client;
	const struct cli_verb *verb;
	const char *operand;   /* the verb's argument it is run for, NULL if absent */
	const char **operands; /* all */
	size_t nr_operands;
	struct cli_given *given;
	size_t nr_given;
};

struct cli_verb {
	const char *name;
	/* "ID", "[FILE]" when it may be left out, "ID..." for one or more; NULL for none */
	const char *operand;
	const char *help;
	enum cli_exit (*run)(struct cli *cli);
	const struct cli_option *options; /* ended by one without a name, may be NULL */
	const struct cli_example *examples;
};

/* The verbs, ended by one without a name, and the options that go with all of them. */
extern const struct cli_verb cli_verbs[];
extern const struct cli_option cli_verbs_common_options[];

/* Result: the value of the last --name given ("" for a flag), or NULL. */
const char *talk_option(const struct cli *cli, const char *name);

/* Tells on stderr what went wrong: "sallyport: " and the message, or as JSON. Result: code. */
enum cli_exit talk_fail(enum cli_exit code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* From now on what goes wrong is said to be about that build; NULL: about no one build. */
void talk_fail_about(const char *build);

/* From now on the socket of a configuration is called, unless the caller has named one. */
enum cli_exit talk_use_socket(struct cli *cli, const char *socket);

/*
 * Calls the API and explains on stderr what went wrong, if anything.
 * Result: CLI_EXIT_OK and *ret_answer, a 2xx, to be cleared.
 */
enum cli_exit talk_call(struct cli *cli, const char *method, const char *path, const char *json,
			struct client_answer *ret_answer);

/*
 * As talk_call(), for an answer in JSON. With -o json it is printed here and *ret_json is NULL;
 * otherwise *ret_json is to be let go by the caller.
 */
enum cli_exit talk_call_json(struct cli *cli, const char *method, const char *path,
			     const char *json, json_t **ret_json);

/* The same, and nothing is printed. */
enum cli_exit talk_ask_json(struct cli *cli, const char *method, const char *path, const char *json,
			    json_t **ret_json);

/* GETs path and prints the body as it is. */
enum cli_exit talk_print_path(struct cli *cli, const char *path);

/* GETs path and gives each line to take as it arrives. */
enum cli_exit talk_take_lines(struct cli *cli, const char *path,
			      void (*take)(void *context, const char *line), void *context);

/* Says that what the verb shows did not come to its end. Result: CLI_EXIT_UNREACHABLE. */
enum cli_exit talk_broke_off(struct cli *cli);

/*
 * GETs path and gives its body to take as it arrives, until take has said by false why it stops, or
 * a signal has (talk_client_stop_by()). Result: CLI_EXIT_OK once the whole of it has come.
 */
enum cli_exit talk_take_bytes(struct cli *cli, const char *path,
			      bool (*take)(void *context, const char *data, size_t bytes),
			      void *context);

/* Result: a string member of a JSON object, "-" if there is none; a whole number, 0 if none. */
const char *talk_text(const json_t *object, const char *name);
json_int_t talk_number(const json_t *object, const char *name);

/* Result: "/v1/builds/ID" and suffix for the verb's operand, to be freed; NULL without memory. */
char *talk_build_path(struct cli *cli, const char *suffix);

/*
 * Reads "90", "30m" or "1h30m" as seconds.
 * Result: 0, or -EINVAL.
 */
int talk_parse_duration(const char *text, unsigned long *ret_s);

/* Reads a file, or stdin for "-". Result: its text, to be freed, or NULL with errno set. */
char *talk_read_file(const char *path);

/* The verbs. */
enum cli_exit cli_enable(struct cli *cli);
enum cli_exit cli_builds_finish(struct cli *cli);
enum cli_exit cli_builds_cancel(struct cli *cli);
enum cli_exit cli_builds_extend(struct cli *cli);
enum cli_exit cli_list(struct cli *cli);
enum cli_exit cli_builds_show(struct cli *cli);
enum cli_exit cli_builds_connect(struct cli *cli);
enum cli_exit history_records_diagnose(struct cli *cli);
enum cli_exit cli_capture(struct cli *cli);
enum cli_exit history_attest(struct cli *cli);
enum cli_exit history_records_known_hosts(struct cli *cli);
enum cli_exit history_records_connections(struct cli *cli);
enum cli_exit history_records_audit(struct cli *cli);
enum cli_exit cli_edge_status(struct cli *cli);
enum cli_exit cli_edge_events(struct cli *cli);
enum cli_exit cli_edge_sync(struct cli *cli);
enum cli_exit cli_edge_pools(struct cli *cli);
enum cli_exit drain_run(struct cli *cli);
enum cli_exit drain_undo(struct cli *cli);
enum cli_exit fleet_show(struct cli *cli);
enum cli_exit doctor_run(struct cli *cli);
enum cli_exit trace_run(struct cli *cli);
enum cli_exit top_run(struct cli *cli);
enum cli_exit bundle_support_bundle(struct cli *cli);
enum cli_exit cli_edge_version(struct cli *cli);
enum cli_exit cli_complete(struct cli *cli);
enum cli_exit cli_check(struct cli *cli);
enum cli_exit cli_check_show(struct cli *cli);
enum cli_exit cli_help(struct cli *cli);
