// SPDX-License-Identifier: BSD-3-Clause
#include "engine/refused.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sched.h>

static int may_load(void)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", pass, 2, NULL);

	if (fd < 0)
		return 0;
	close(fd);
	return 1;
}

static int may_unshare(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWNET) ? 1 : 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

int refused(const char *what, int error)
{
	if ((error == -EPERM || error == -EACCES) && !(may_load() && may_unshare())) {
		printf("1..0 # SKIP BPF programs or network namespaces are not permitted here\n");
		return 77;
	}
	printf("not ok 1 - %s: %s\n", what, strerror(-error));
	return 1;
}
