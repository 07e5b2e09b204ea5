// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/attach/remove.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel/attach/attach.h"
#include "kernel/attach/link.h"
#include "kernel/attach/program.h"
#include "kernel/pins/pins.h"

/* Takes a program of ours off at once, whoever else holds its link. Result: 0 or -errno. */
static int detach(const char *bpf_dir, const char *name)
{
	char prog_name[KERNEL_NAME_SIZE], tag[KERNEL_TAG_SIZE];
	struct link link;
	int error = attach_link_open(bpf_dir, name, &link);

	if (error || link.fd < 0)
		return error;
	error = attach_program_name(link.prog_id, prog_name, tag);
	if (!error && strcmp(prog_name, PROGRAM_NAME) != 0)
		error = -EEXIST;
	if (!error)
		error = bpf_link_detach(link.fd);
	close(link.fd);
	return error ? error : pins_unlink(bpf_dir, name);
}

int attach_remove_all(const char *bpf_dir)
{
	static const char *const maps[] = {
		PINS_XSKS_PUBLIC,
		PINS_XSKS_BUILDS,
		PINS_XSKS_PUBLIC PINS_NEXT_OF,
		PINS_XSKS_BUILDS PINS_NEXT_OF,
	};
	int error = 0, one;

	for (unsigned int i = 0; i < ATTACH_LINK_NAMES; i++) {
		one = detach(bpf_dir, attach_link_names[i]);
		if (!error)
			error = one;
	}
	for (unsigned int i = 0; i < sizeof(maps) / sizeof(*maps) && !error; i++)
		error = pins_unlink(bpf_dir, maps[i]);
	return error;
}
