/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport doctor: looks for what commonly keeps an edge from working. Changes nothing. */
#include "cli/doctor/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "cli/doctor/checks.h"
#include "cli/talk/fail.h"
#include "cli/talk/print.h"
#include "cli/talk/talk.h"
#include "host/config.h"

static void print_findings(const json_t *findings)
{
	const json_t *finding;
	size_t i;

	json_array_foreach (findings, i, finding) {
		printf("%-8s %s: ", talk_text(finding, "grade"), talk_text(finding, "check"));
		talk_print_text(stdout, talk_text(finding, "says"));
		if (json_object_get(finding, "cure")) {
			printf("\n         cure: ");
			talk_print_text(stdout, talk_text(finding, "cure"));
		}
		if (json_object_get(finding, "kept"))
			printf("\n         gone after a reboot unless it is in %s",
			       talk_text(finding, "kept"));
		putchar('\n');
	}
}

/* Asks without complaint: a daemon that is away is a finding as others are. */
static json_t *ask(struct cli *cli, const char *path, int *ret_error)
{
	struct client_answer answer = {0};
	json_t *json = NULL;

	*ret_error = talk_client_call(cli->client, "GET", path, NULL, &answer);
	if (*ret_error == 0 && answer.status == 200)
		json = json_loadb(answer.body, answer.body_bytes, 0, NULL);
	talk_client_answer_clear(&answer);
	return json;
}

static void say_silent(struct cli *cli, struct doctor *doctor, int error)
{
	if (error == -EACCES)
		doctor_finding_say(doctor, "sallyportd", DOCTOR_WARNING,
				   "%s is not open to you: whether it is well is not known. Run "
				   "doctor as root, or as a member of api.group.",
				   cli->socket);
	else
		doctor_finding_say(
			doctor, "sallyportd", DOCTOR_FAILURE,
			"It does not answer on %s (%s). Live sessions go on to their deadlines, "
			"new ones cannot be declared.",
			cli->socket, talk_client_error(cli->client));
}

static void check_all(struct cli *cli, struct doctor *doctor)
{
	int error, ignored;
	json_t *status = ask(cli, "/v1/status", &error);
	json_t *pools = status ? ask(cli, "/v1/pools", &ignored) : NULL;

	doctor->status = status;
	doctor->pools = pools;
	if (doctor->config) {
		doctor_host_check(doctor);
		doctor_letters_check(doctor);
	}
	if (status) {
		doctor_edge_check(doctor);
		if (doctor->config)
			doctor_pools_check(doctor);
	} else {
		say_silent(cli, doctor, error);
	}
	json_decref(pools);
	json_decref(status);
}

json_t *doctor_findings(struct cli *cli, const char *path, const struct config *config,
			enum doctor_grade *ret_worst)
{
	struct doctor doctor = {.config = config, .config_path = path, .findings = json_array()};

	check_all(cli, &doctor);
	*ret_worst = doctor.worst;
	return doctor.findings;
}

static enum cli_exit show(struct cli *cli, json_t *findings, enum doctor_grade worst)
{
	if (cli->json) {
		json_dumpf(findings, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		print_findings(findings);
	}
	json_decref(findings);
	return worst == DOCTOR_FAILURE ? CLI_EXIT_REFUSED : CLI_EXIT_OK;
}

static enum cli_exit examine(struct cli *cli, const char *path, const struct config *config)
{
	enum doctor_grade worst;
	json_t *findings = doctor_findings(cli, path, config, &worst);

	return show(cli, findings, worst);
}

/* Nobody named a file, and the usual one cannot be read: the daemon may have another. */
static enum cli_exit examine_without(struct cli *cli, const struct config_errors *errors,
				     bool absent)
{
	struct doctor doctor = {.findings = json_array()};

	for (unsigned int i = 0; i < errors->nr; i++)
		doctor_finding_say(&doctor, "configuration",
				   absent ? DOCTOR_WARNING : DOCTOR_FAILURE, "%s",
				   errors->error[i].text);
	doctor_finding_say(
		&doctor, "configuration", DOCTOR_NOTE,
		"The host was not looked at, only what sallyportd says on %s. `sallyport "
		"doctor CONFIG` goes by another file.",
		cli->socket);
	check_all(cli, &doctor);
	return show(cli, doctor.findings, doctor.worst);
}

enum cli_exit doctor_run(struct cli *cli)
{
	const char *path = cli->operand ? cli->operand : CONFIG_DEFAULT_PATH;
	struct config_errors errors = {0};
	struct config *config;
	enum cli_exit code;
	int error;

	error = config_load(path, &config, &errors);
	if (error < 0) {
		code = cli->operand ? talk_fail_config(&errors)
				    : examine_without(cli, &errors, error == -ENOENT);
		config_errors_free(&errors);
		return code;
	}
	config_errors_free(&errors);
	code = talk_use_socket(cli, config->api.socket);
	if (code == CLI_EXIT_OK)
		code = examine(cli, path, config);
	config_free(config);
	return code;
}
