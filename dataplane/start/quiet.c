/* SPDX-License-Identifier: BSD-3-Clause */
#include "start/quiet.h"

#include <stdio.h>

#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include <rte_log.h>

#include "host/log.h"

static void write_text(const char *who, const char *format, va_list list)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, list);
	log_write(LOG_DEBUG, who, log_string("text", text));
}

static int take_libbpf(enum libbpf_print_level level, const char *format, va_list list)
	__attribute__((format(printf, 2, 0)));

static int take_libbpf(enum libbpf_print_level level, const char *format, va_list list)
{
	write_text("libbpf says something.", format, list);
	return 0;
}

static int take_libxdp(enum libxdp_print_level level, const char *format, va_list list)
	__attribute__((format(printf, 2, 0)));

static int take_libxdp(enum libxdp_print_level level, const char *format, va_list list)
{
	write_text("libxdp says something.", format, list);
	return 0;
}

void quiet_libraries(void)
{
	libbpf_set_print(take_libbpf);
	libxdp_set_print(take_libxdp);
}

void quiet_driver(void)
{
	rte_log_set_level_pattern("pmd.net.af_xdp", RTE_LOG_CRIT);
}
