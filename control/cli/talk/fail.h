/* SPDX-License-Identifier: BSD-3-Clause */
/* What went wrong, told on stderr: a sentence, or with -o json one JSON object a line. */
#pragma once

#include "cli/talk/talk.h"

struct config_errors;

/* From now on errors are JSON objects. */
void talk_fail_as_json(void);

/* Tells how the command line is wrong, and where its help is; verb may be NULL. Result: the status.
 */
enum cli_exit talk_fail_usage(const char *verb, const char *wrong);

/* Explains an answer that is a problem, or no 2xx at all. Result: the status for it. */
enum cli_exit talk_fail_answer(const struct client_answer *answer);

/* Tells all that is wrong with a configuration. Result: CLI_EXIT_REFUSED. */
enum cli_exit talk_fail_config(const struct config_errors *errors);

/* Tells why a call failed with -errno (talk_client_call()), such as who may open the socket. */
enum cli_exit talk_fail_call(struct cli *cli, int r);
