/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of sallyportd what a simulation has no use for: the kernel, readers of the table, who are past a
 * change a moment later, and the log.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "agenda.h"
#include "host/boottime.h"
#include "host/log.h"
#include "kernel/kernel.h"
#include "quiet.h"
#include "table/quiesce.h"

#define GRACE_NS (2 * NS_PER_MS)

bool sim_quiet_talks;
static int speaker = -1;

void __wrap_log_write_fields(int priority, const char *sentence, const struct log_field *fields);

void __wrap_log_write_fields(int priority, const char *sentence, const struct log_field *fields)
{
	char text[LOG_MESSAGE_BYTES];

	(void)priority;
	if (!sim_quiet_talks)
		return;
	log_render(sentence, fields, text, sizeof(text));
	printf("# %.3f e%d %s\n", (double)(sim_agenda_now_ns() / NS_PER_MS) / 1000, speaker, text);
}

void sim_quiet_enter(int host)
{
	speaker = host;
}

void sim_quiet_say(const char *format, ...)
{
	va_list args;

	if (!sim_quiet_talks)
		return;
	printf("# %.3f    ", (double)(sim_agenda_now_ns() / NS_PER_MS) / 1000);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

struct quiescer {
	int nothing;
};

int table_quiesce_new(const struct table_map *table, struct quiescer **ret_quiescer)
{
	*ret_quiescer = calloc(1, sizeof(**ret_quiescer));
	return *ret_quiescer ? 0 : -ENOMEM;
}

void table_quiesce_free(struct quiescer *quiescer)
{
	free(quiescer);
}

void table_quiesce_begin(struct quiescer *quiescer, uint64_t now_ns, struct quiesce *ret_quiesce)
{
	*ret_quiesce = (struct quiesce){.begun_ns = now_ns};
}

int table_quiesce_poll(const struct quiescer *quiescer, struct quiesce *quiesce, uint64_t now_ns)
{
	return now_ns - quiesce->begun_ns < GRACE_NS ? -EAGAIN : 0;
}

struct kernel_vm kernel_vm(const struct kernel *kernel, const struct sp_addr *addr)
{
	return (struct kernel_vm){0};
}

struct kernel_figures kernel_figures(const struct kernel *kernel)
{
	return (struct kernel_figures){0};
}

void kernel_status(const struct kernel *kernel, struct kernel_status *ret_status)
{
	*ret_status = (struct kernel_status){0};
}
