/* SPDX-License-Identifier: BSD-3-Clause */
/* What VMs may ask over HTTP. Who asks is known by the address that the connection comes from. */
#pragma once

#include <systemd/sd-event.h>

struct http_server;
struct runner;

/* Serves on listen_fd, which it takes over. Result: 0 and *ret_server (http_server_close()), or
 * -errno. */
int runner_serve_open(struct runner *runner, sd_event *event, int listen_fd,
		      struct http_server **ret_server);
