// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/redirects.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/boottime.h"
#include "kernel/mirror.h"
#include "kernel/pins/reason.h"
#include "redirects.skel.h"

#define LOOK_NS	  NS_PER_S
#define LATELY_NS (60 * NS_PER_S)

struct redirects {
	struct redirects_program *program;
	uint64_t *of_cpus; /* room for one record of each */
	int nr_cpus;
	const char *names[2]; /* the mirror's */
	uint64_t next_look_ns;
	struct kernel_redirects seen;
	uint64_t last_ns[2 * SP_REDIRECT_LOSSES_NR]; /* more was seen, 0: never; as the map's */
};

static const char *const sentences[] = {
#define X(NAME, name, error, help) help,
	SP_REDIRECT_LOSSES(X)
#undef X
};

static int get_net_cookie(uint64_t *ret_cookie)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;
	socklen_t bytes = sizeof(*ret_cookie);

	if (fd < 0)
		return -errno;
	error = getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, ret_cookie, &bytes) ? -errno : 0;
	close(fd);
	return error;
}

static int load(struct redirects *redirects)
{
	uint64_t cookie;
	int error = get_net_cookie(&cookie);

	if (error)
		return error;
	redirects->program = redirects_program__open();
	if (!redirects->program)
		return -errno;
	redirects->program->rodata->sp_net_cookie = cookie;
	error = redirects_program__load(redirects->program);
	return error ? error : redirects_program__attach(redirects->program);
}

int kernel_redirects_open(struct redirects **ret_redirects, char **ret_reason)
{
	struct redirects *redirects = calloc(1, sizeof(*redirects));
	int error;

	if (!redirects)
		return -ENOMEM;
	redirects->nr_cpus = libbpf_num_possible_cpus();
	if (redirects->nr_cpus > 0)
		redirects->of_cpus = calloc((size_t)redirects->nr_cpus, sizeof(uint64_t));
	error = redirects->of_cpus ? load(redirects) : -ENOMEM;
	if (error) {
		kernel_redirects_close(redirects);
		return pins_reason_give(
			ret_reason, error,
			"what an interface does not take of redirected frames is not counted: "
			"this kernel's tracepoints cannot be used: %s",
			strerror(-error));
	}
	redirects->seen.counted = true;
	*ret_redirects = redirects;
	return 0;
}

void kernel_redirects_close(struct redirects *redirects)
{
	if (!redirects)
		return;
	redirects_program__destroy(redirects->program);
	free(redirects->of_cpus);
	free(redirects);
}

void kernel_redirects_follow(struct redirects *redirects, const struct mirror_interface *interfaces)
{
	for (unsigned int i = 0; redirects && i < 2; i++) {
		redirects->names[i] = interfaces[i].name;
		redirects->program->bss->sp_ifindex[i] = (int)interfaces[i].ifindex;
	}
}

/* Result: the sum of one record over all CPUs, or what it was. */
static uint64_t sum(const struct redirects *redirects, uint32_t record, uint64_t before)
{
	int fd = bpf_map__fd(redirects->program->maps.redirect_losses);
	uint64_t total = 0;

	if (bpf_map_lookup_elem(fd, &record, redirects->of_cpus))
		return before;
	for (int cpu = 0; cpu < redirects->nr_cpus; cpu++)
		total += redirects->of_cpus[cpu];
	return total;
}

static bool is_of_late(uint64_t last_ns, uint64_t now_ns)
{
	return last_ns && now_ns - last_ns < LATELY_NS;
}

static void describe(const struct redirects *redirects, uint32_t record,
		     char ret_what[KERNEL_SENTENCE_SIZE])
{
	unsigned int interface = record / SP_REDIRECT_LOSSES_NR;
	unsigned int loss = record % SP_REDIRECT_LOSSES_NR;

	snprintf(ret_what, KERNEL_SENTENCE_SIZE,
		 "%s did not take %" PRIu64 " frames that the XDP program sent on: %s",
		 redirects->names[interface], redirects->seen.lost[interface][loss],
		 sentences[loss]);
}

bool kernel_redirects_look(struct redirects *redirects, uint64_t now_ns,
			   char ret_what[KERNEL_SENTENCE_SIZE])
{
	bool news = false;

	if (!redirects || now_ns < redirects->next_look_ns)
		return false;
	redirects->next_look_ns = now_ns + LOOK_NS;
	for (uint32_t i = 0; i < 2 * SP_REDIRECT_LOSSES_NR; i++) {
		uint64_t *lost = &redirects->seen.lost[0][0] + i;
		uint64_t *last_ns = &redirects->last_ns[i];
		uint64_t now = sum(redirects, i, *lost);

		if (now == *lost)
			continue;
		*lost = now;
		if (!is_of_late(*last_ns, now_ns)) {
			describe(redirects, i, ret_what);
			news = true;
		}
		*last_ns = now_ns;
	}
	return news;
}

struct kernel_redirects kernel_redirects_seen(const struct redirects *redirects)
{
	return redirects ? redirects->seen : (struct kernel_redirects){0};
}

unsigned int kernel_redirects_warn(const struct redirects *redirects, uint64_t now_ns,
				   char (*ret_what)[KERNEL_SENTENCE_SIZE], unsigned int max)
{
	unsigned int nr = 0;

	for (uint32_t i = 0; redirects && i < 2 * SP_REDIRECT_LOSSES_NR && nr < max; i++)
		if (is_of_late(redirects->last_ns[i], now_ns))
			describe(redirects, i, ret_what[nr++]);
	return nr;
}
