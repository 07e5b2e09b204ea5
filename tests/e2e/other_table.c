/* SPDX-License-Identifier: BSD-3-Clause */
/* The table as daemons of another version have it, for upgrade_test.sh. */
#include <sallyport/table.h>

#undef SP_TABLE_VERSION
#define SP_TABLE_VERSION 1000

#include "../../bpf/host/table_map.c"
