/* SPDX-License-Identifier: BSD-3-Clause */
/* Tells sallyportd each second how the fleet is: its status, metrics and page show that. */
#pragma once

#include <jansson.h>
#include <systemd/sd-event.h>

struct report;
struct talk_local;

struct talk_report_options {
	sd_event *event;
	const struct talk_local *local;
	json_t *(*make)(const void *context); /* what is to be told; NULL without memory */
	const void *context;
};

/* Copies the options. Result: 0, -ENOMEM, or what sd-event says. */
int talk_report_open(const struct talk_report_options *options, struct report **ret_report);

/* NULL is allowed. */
void talk_report_close(struct report *report);
