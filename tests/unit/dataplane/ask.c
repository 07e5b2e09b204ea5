/* SPDX-License-Identifier: BSD-3-Clause */
#include "ask.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#define LOOPBACK       1 /* whose point of view bpf/carry.h takes, too */
#define QUESTION_BYTES ((int16_t)sizeof(struct bpf_fib_lookup))

static struct bpf_insn insn(uint8_t code, uint8_t to, uint8_t from, int16_t off, int32_t imm)
{
	return (struct bpf_insn){
		.code = code, .dst_reg = to, .src_reg = from, .off = off, .imm = imm};
}

struct program {
	struct bpf_insn insn[64];
	size_t nr;
};

static void add(struct program *program, struct bpf_insn one)
{
	program->insn[program->nr++] = one;
}

/* Copies the question between the packet (r6) and the stack. */
static void add_copy(struct program *program, uint8_t to, int16_t to_off, uint8_t from,
		     int16_t from_off)
{
	for (int16_t i = 0; i < QUESTION_BYTES; i += 8) {
		add(program, insn(BPF_LDX | BPF_MEM | BPF_DW, 1, from, from_off + i, 0));
		add(program, insn(BPF_STX | BPF_MEM | BPF_DW, to, 1, to_off + i, 0));
	}
}

/* The question is the packet, and so is the answer; the helper takes it on the stack alone. */
int ask_open(void)
{
	struct program program = {.nr = 0};
	int fd;

	add(&program, insn(BPF_ALU64 | BPF_MOV | BPF_X, 7, 1, 0, 0));
	add(&program, insn(BPF_LDX | BPF_MEM | BPF_W, 6, 1, offsetof(struct xdp_md, data), 0));
	add(&program, insn(BPF_LDX | BPF_MEM | BPF_W, 3, 1, offsetof(struct xdp_md, data_end), 0));
	add(&program, insn(BPF_ALU64 | BPF_MOV | BPF_X, 4, 6, 0, 0));
	add(&program, insn(BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, QUESTION_BYTES));
	add(&program, insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, -1));
	add(&program, insn(BPF_JMP | BPF_JLE | BPF_X, 4, 3, 1, 0));
	add(&program, insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
	add_copy(&program, 10, -QUESTION_BYTES, 6, 0);
	add(&program, insn(BPF_ALU64 | BPF_MOV | BPF_X, 1, 7, 0, 0));
	add(&program, insn(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0));
	add(&program, insn(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -QUESTION_BYTES));
	add(&program, insn(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, QUESTION_BYTES));
	add(&program, insn(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0));
	add(&program, insn(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_fib_lookup));
	add_copy(&program, 6, 0, 10, -QUESTION_BYTES);
	add(&program, insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "ask", "Dual BSD/GPL", program.insn, program.nr,
			   NULL);
	return fd < 0 ? -errno : fd;
}

int ask_kernel(int fd, const struct sp_tuple *packet, uint8_t family, struct bpf_fib_lookup *ret)
{
	struct bpf_fib_lookup question = {.ifindex = LOOPBACK};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = &question,
		    .data_size_in = sizeof(question), .data_out = ret,
		    .data_size_out = sizeof(*ret), .repeat = 1);

	if (family == 4) {
		question.family = AF_INET;
		question.ipv4_src = packet->from.word_be[3];
		question.ipv4_dst = packet->to.word_be[3];
	} else {
		question.family = AF_INET6;
		memcpy(question.ipv6_src, &packet->from, sizeof(question.ipv6_src));
		memcpy(question.ipv6_dst, &packet->to, sizeof(question.ipv6_dst));
	}
	assert_int_equal(bpf_prog_test_run_opts(fd, &options), 0);
	return (int)options.retval;
}
