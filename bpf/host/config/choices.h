/* SPDX-License-Identifier: BSD-3-Clause */
/* The words that options of one kind may have. For options.c. */
#pragma once

#include <sallyport/table_host.h>

#include "host/config.h"
#include "host/config_table.h"

static const struct config_choice explains[] = {
	{"full", CONFIG_EXPLAIN_FULL},
	{"brief", CONFIG_EXPLAIN_BRIEF},
	{"off", CONFIG_EXPLAIN_OFF},
	{0},
};

static const struct config_choice engines[] = {
	{"dpdk", SP_ENGINE_DPDK},
	{"xdp", SP_ENGINE_XDP},
	{0},
};

static const struct config_choice fallbacks[] = {
	{"xdp", CONFIG_FALLBACK_XDP},
	{"none", CONFIG_FALLBACK_NONE},
	{0},
};

static const struct config_choice drivers[] = {
	{"af_xdp", CONFIG_DRIVER_AF_XDP},
	{0},
};

static const struct config_choice idles[] = {
	{"adaptive", CONFIG_IDLE_ADAPTIVE},
	{"spin", CONFIG_IDLE_SPIN},
	{"yield", CONFIG_IDLE_YIELD},
	{0},
};

static const struct config_choice napi_threads[] = {
	{"auto", CONFIG_NAPI_THREADS_AUTO},
	{"on", CONFIG_NAPI_THREADS_ON},
	{"off", CONFIG_NAPI_THREADS_OFF},
	{0},
};

static const struct config_choice without_stores[] = {
	{"last-resort", CONFIG_WITHOUT_STORE_LAST_RESORT},
	{"withdraw", CONFIG_WITHOUT_STORE_WITHDRAW},
	{0},
};

static const struct config_choice roles[] = {
	{"viewer", CONFIG_ROLE_VIEWER},
	{"operator", CONFIG_ROLE_OPERATOR},
	{"orchestrator", CONFIG_ROLE_ORCHESTRATOR},
	{0},
};
