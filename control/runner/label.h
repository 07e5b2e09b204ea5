/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a job calls itself, and the build's id that is made of it. The id begins with the VM's
 * address, so no VM can name another's build, and a restart needs no memory of whose a build is.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sp_addr;

#define RUNNER_LABEL_ID_BYTES 129 /* of an id and its NUL */

/*
 * Makes "runner-ADDRESS-LABEL-TIME", ":" of an address written as "_". A label of which something
 * had to be left out or replaced has a hash of the whole behind it. Any bytes are a label. wall_ms
 * makes it another id than that of the label's last session, which nobody may have again. Result:
 * ret_id.
 */
const char *runner_label_id(const struct sp_addr *vm, const char *label, uint64_t wall_ms,
			    char ret_id[RUNNER_LABEL_ID_BYTES]);

/* Result: whether the id was made of this VM and label, and of a time less than young_ms ago. */
bool runner_label_same(const char *id, const struct sp_addr *vm, const char *label,
		       uint64_t wall_ms, uint64_t young_ms);

/* Reads the VM's address out of an id. Result: 0, or -EINVAL for one that is not ours. */
int runner_label_vm(const char *id, struct sp_addr *ret_vm);

/*
 * Copies a text for people: control characters become blanks, what is no UTF-8 question marks; cut
 * to fit. Result: ret_text.
 */
const char *runner_label_text(const char *text, char *ret_text, size_t size_bytes);
