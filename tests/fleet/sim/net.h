/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual network: requests and answers on their way between processes of edges, members of
 * etcd, and callers. Late, lost, twice, or broken off, as the draw has it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#define SIM_HOSTS   128
#define SIM_MEMBERS 3

struct sim_flight;

/* A text that many read. */
struct sim_text {
	unsigned int refs;
	size_t bytes;
	char data[];
};

/* Result: a copy with one reference. */
struct sim_text *sim_text_new(const char *data, size_t bytes);
struct sim_text *sim_text_keep(struct sim_text *text);
void sim_text_drop(struct sim_text *text); /* NULL is allowed */

struct sim_answer {
	int error; /* as transfer_end has it */
	const char *reason;
	unsigned int status;
	const char *content_type; /* static */
	const char *body;	  /* ends with a NUL */
	size_t body_bytes;
	const char *unconfirmed; /* a header of the fleet's; NULL without */
};

struct sim_send {
	sd_event *from;	    /* whose answers run on this loop */
	const char *socket; /* of a process of a host; NULL: a member is asked */
	unsigned int member;
	const char *method, *path; /* with its query */
	const char *header[3];
	const void *body;
	size_t body_bytes;
	unsigned int connect_ms, limit_ms; /* 0: none */
	void (*line)(void *context, const char *line, size_t bytes);
	void (*end)(void *context, const struct sim_answer *answer);
	void *context;
};

/* All of it is copied. Result: lives until end() or sim_net_forget(). */
struct sim_flight *sim_net_send(const struct sim_send *send);

/* Nothing is heard of it any more; what is on its way arrives. */
void sim_net_forget(struct sim_flight *flight);

/* For who serves it: what was asked. A body ends with a NUL. */
const struct sim_send *sim_net_asked(const struct sim_flight *flight);
int sim_net_host(const struct sim_flight *flight);

/* For who serves it later. gone: nobody waits any more, and this is not to be answered. */
void sim_net_serve(struct sim_flight *flight, void (*gone)(void *context), void *context);
void sim_net_answer(struct sim_flight *flight, const struct sim_answer *answer);
void sim_net_line(struct sim_flight *flight, struct sim_text *line);
/* The answer was a stream, or there was none: its end; broken: not in order. */
void sim_net_end(struct sim_flight *flight, bool broken);

/* It arrives once more, then. */
void sim_net_later(struct sim_flight *flight, uint64_t at_ns);
uint64_t sim_net_age_ns(const struct sim_flight *flight);

/* These serve. Each calls one of those above, now or later, or leaves it without an answer. */
void sim_http_arrive(struct sim_flight *flight);
void sim_gateway_arrive(struct sim_flight *flight);

enum {
	SIM_CUT_ASKS = 1,
	SIM_CUT_ANSWERS = 2,
};

struct sim_net {
	uint8_t cut[SIM_HOSTS][SIM_MEMBERS]; /* what does not get through */
	bool refuses[SIM_MEMBERS];	     /* nobody listens there */
	unsigned int late_percent;	     /* come much later */
	unsigned int lost_percent;	     /* were done, and nobody is told */
	unsigned int twice_percent;	     /* are done twice */
	uint64_t nr_lost, nr_twice, nr_late;
	bool full[SIM_HOSTS];		 /* sallyportd there makes no build, and no batch: 503 */
	char stuck[16];			 /* nor does it end this one */
	unsigned int nr_puts[SIM_HOSTS]; /* builds that it was asked for one by one */
};

extern struct sim_net sim_net;
