/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking our programs off. */
#pragma once

/* Removes the links, which takes the programs off, and the xsks maps. Result: 0 or -errno. */
int attach_remove_all(const char *bpf_dir);
