/* SPDX-License-Identifier: BSD-3-Clause */
/* How to connect to a build, in every form in which somebody wants to be told. */
#pragma once

#include <stdio.h>

#include "model/clock.h"

struct build;
struct connect_clients;
struct model_settings;
struct forward;
struct json_shape;
struct node;

enum connect_view {
	CONNECT_ENABLE, /* when the way in opens: "Debug via SSH" */
	CONNECT_WAIT,	/* at the end of a build's output: "Wait for SSH" */
	CONNECT_VIEWS_NR
};

/* X(NAME, name, media type) */
#define CONNECT_FORMATS(X)                                                                         \
	X(TEXT, text, "text/plain; charset=utf-8")                                                 \
	X(MARKDOWN, markdown, "text/markdown; charset=utf-8")                                      \
	X(JSON, json, "application/json")                                                          \
	X(SSH_CONFIG, ssh_config, "text/plain; charset=utf-8")                                     \
	X(KNOWN_HOSTS, known_hosts, "text/plain; charset=utf-8")

enum connect_format {
#define X(NAME, name, type) CONNECT_##NAME,
	CONNECT_FORMATS(X)
#undef X
		CONNECT_FORMATS_NR
};

struct connect {
	const struct build *build;
	const struct model_settings *settings; /* for what public addresses are called */
	const struct connect_clients *clients; /* NULL: not known */
	struct instant now;
	enum connect_view view;
};

/* Result: the media type of a format. */
const char *connect_media_type(enum connect_format format);

/* Parse the query's values. Result: 0, or -EINVAL. */
int connect_parse_view(const char *name, enum connect_view *ret_view);
int connect_parse_format(const char *name, enum connect_format *ret_format);

/* Writes a section for each node, in order. Errors are left to the stream. */
void connect_write(const struct connect *connect, enum connect_format format, FILE *out);

/* What the JSON is made of. */
extern const struct json_shape connect_shape;
