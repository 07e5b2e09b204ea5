/* SPDX-License-Identifier: BSD-3-Clause */
/* One instance of the XDP program, and how two of them are told apart. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/attach/attach.h"

#define PROGRAM_NAME "xsk_def_prog"

struct xdp_program;

struct program {
	struct xdp_program *object; /* NULL: not loaded */
	int fd;			    /* of the program; the object's */
	int xsks_fd;		    /* of its xsks map; the object's */
};

/* Reads the object; from now on libbpf is quiet, and is quoted where a call of ours fails. Result:
 * NULL and errno if that fails. */
struct xdp_program *attach_program_open(void);

/* What an instance works with. */
struct program_world {
	const struct maps *maps;
	int xsks_fd;  /* -1: a new one */
	bool pieces;  /* it takes frames that lie in pieces, as drivers have those of a large MTU */
	bool generic; /* it is for generic mode */
};

/*
 * Loads the program for a target. Result: 0 and *ret_program, to be unloaded by
 * attach_program_unload() (the kernel keeps what a link holds); or -errno and *ret_reason.
 */
int attach_program_load(const struct attach_target *target, const struct program_world *world,
			struct program *ret_program, char **ret_reason);
void attach_program_unload(struct program *program);

/* Result: whether both run the same instructions over the same maps with the same constants. */
bool attach_program_same(int one_fd, int other_fd);

/* Result: whether a loaded program takes frames in pieces. */
bool attach_program_pieces(int prog_fd);

/* Result: a descriptor of the xsks map that a loaded program uses, the caller's; or -errno. */
int attach_program_xsks(int prog_fd);

/* Result: whether a program carries by a table of sallyport, whichever: it uses maps of those
 * names. */
bool attach_program_is_sallyport(uint32_t prog_id);

/* What a program is called and tagged. Result: 0 or -errno, the texts empty then. */
int attach_program_name(uint32_t prog_id, char ret_name[KERNEL_NAME_SIZE],
			char ret_tag[KERNEL_TAG_SIZE]);
