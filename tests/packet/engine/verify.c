/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify OBJECT: loads the one program of a BPF object and prints what the verifier sums up of it
 * (BPF_LOG_STATS: the stack of each function, instructions looked at) and its length as native
 * code. Exit 0, or 1 when the kernel does not take it. bpftool -d prints each step of the verifier,
 * which takes a minute for a program of ours.
 */
#include <stdio.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define LOG_STATS 4 /* the kernel's BPF_LOG_STATS, in none of its UAPI headers */
#define LOG_BYTES 65536

static char log_text[LOG_BYTES];

static int fail(const char *what, int error)
{
	fprintf(stderr, "verify: %s: error %d\n%s", what, error, log_text);
	return EXIT_FAILURE;
}

static unsigned int jited_bytes(int prog_fd)
{
	struct bpf_prog_info info = {0};
	__u32 bytes = sizeof(info);

	return bpf_obj_get_info_by_fd(prog_fd, &info, &bytes) == 0 ? info.jited_prog_len : 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *object = argc == 2 ? bpf_object__open_file(argv[1], NULL) : NULL;
	struct bpf_program *program;
	int r;

	if (!object)
		return fail("usage: verify OBJECT", 0);
	program = bpf_object__next_program(object, NULL);
	bpf_program__set_log_level(program, LOG_STATS);
	bpf_program__set_log_buf(program, log_text, LOG_BYTES);
	r = bpf_object__load(object);
	if (r < 0)
		return fail(argv[1], r);
	printf("%sjited %uB\n", log_text, jited_bytes(bpf_program__fd(program)));
	bpf_object__close(object);
	return EXIT_SUCCESS;
}
