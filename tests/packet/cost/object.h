/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The XDP program of this build or of another one, with a table of its own. What lies where in that
 * table its object file says (BTF): records are copied member by member, by their names, and what
 * one of the two builds does not know is left out.
 */
#pragma once

#include <sallyport/table_host.h>

#include <sallyport/decide.h>

#include "cost/leases.h"

struct bpf_object;

/* Result: the object, not loaded yet, or NULL. path NULL: this build's. To be bpf_object__close()d.
 */
struct bpf_object *object_open(const char *path);

/*
 * Loads it for that role, with the maps of first unless that is NULL; the table of the first one is
 * filled. Result: the program's descriptor, or -errno.
 */
int object_load(struct bpf_object *object, struct bpf_object *first, enum sp_role role,
		const struct leases *leases);
