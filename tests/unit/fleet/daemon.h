/* SPDX-License-Identifier: BSD-3-Clause */
/* A sallyportd for a test: it answers what it was told to, one after the other. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "fleet/talk/local.h"

#define DAEMON_ASKED_MAX 16

struct daemon_answer {
	unsigned int status;
	const char *body;
};

struct daemon_asked {
	char line[64];	       /* "GET /v1/builds/a" */
	uint64_t not_after_ms; /* of CLOCK_BOOTTIME, 0 without */
};

struct daemon {
	sd_event *event;
	struct talk_local local; /* leads to it */
	struct daemon_answer answer[DAEMON_ASKED_MAX];
	struct daemon_asked asked[DAEMON_ASKED_MAX];
	unsigned int nr_asked;
	struct http_server *server;
	char directory[32], path[48];
};

/* Fails the test if it cannot. Without an answer of the test's, it answers 500. */
void daemon_open(struct daemon *daemon);
void daemon_close(struct daemon *daemon);

/* Runs the loop until *done, or the test fails. */
void daemon_wait(struct daemon *daemon, const bool *done);
