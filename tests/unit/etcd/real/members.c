/* SPDX-License-Identifier: BSD-3-Clause */
#include "members.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "etcd/txn.h"
#include "host/boottime.h"

#define ARGUMENTS_MAX 40
#define FIRST_PORT    2379
#define TURN_US	      50000

static struct {
	pid_t pid[REAL_MEMBERS_MAX]; /* 0: does not run */
	unsigned int nr;
	const char *const *more;
	bool tls;
	char url[REAL_MEMBERS_MAX][64];
	const char *urls[REAL_MEMBERS_MAX];
} real;

bool real_possible(void)
{
	if (geteuid() != 0) {
		print_message("# skipped: needs root, for a network namespace\n");
		return false;
	}
	if (access("/usr/bin/etcd", X_OK) != 0 || access("/usr/bin/etcdctl", X_OK) != 0) {
		print_message("# skipped: etcd is not installed (etcd-server, etcd-client)\n");
		return false;
	}
	return true;
}

void real_enter(void)
{
	alarm(4 * REAL_LIMIT_S);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(unshare(CLONE_NEWNET | CLONE_NEWNS), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	mkdir(REAL_DIR, 0700);
	assert_int_equal(mount("etcd", REAL_DIR, "tmpfs", 0, "mode=0700"), 0);
	real_run("ip link set lo up");
}

int real_set_up_all(void **state)
{
	if (real_possible())
		real_enter();
	return 0;
}

static unsigned int port_of(unsigned int index)
{
	return FIRST_PORT + 10 * index;
}

const char *const *real_urls(void)
{
	return real.urls;
}

void real_use_tls(bool tls)
{
	real.tls = tls;
}

static void name_members(unsigned int nr)
{
	real.nr = nr;
	for (unsigned int i = 0; i < nr; i++) {
		snprintf(real.url[i], sizeof(real.url[i]), "%s://127.0.0.1:%u",
			 real.tls ? "https" : "http", port_of(i));
		real.urls[i] = real.url[i];
	}
}

struct line {
	char text[ARGUMENTS_MAX][256];
	char *argument[ARGUMENTS_MAX + 1];
	unsigned int nr;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
	va_list arguments;

	assert_true(line->nr < ARGUMENTS_MAX);
	va_start(arguments, format);
	vsnprintf(line->text[line->nr], sizeof(line->text[0]), format, arguments);
	va_end(arguments);
	line->argument[line->nr] = line->text[line->nr];
	line->nr++;
}

static void make_line(struct line *line, unsigned int index)
{
	char cluster[256] = "";

	for (unsigned int i = 0; i < real.nr; i++)
		snprintf(cluster + strlen(cluster), sizeof(cluster) - strlen(cluster),
			 "%sm%u=http://127.0.0.1:%u", i ? "," : "", i, port_of(i) + 1);
	*line = (struct line){0};
	add(line, "/usr/bin/etcd");
	add(line, "--name=m%u", index);
	add(line, "--data-dir=" REAL_DIR "/m%u", index);
	add(line, "--listen-client-urls=%s", real.url[index]);
	add(line, "--advertise-client-urls=%s", real.url[index]);
	add(line, "--listen-peer-urls=http://127.0.0.1:%u", port_of(index) + 1);
	add(line, "--initial-advertise-peer-urls=http://127.0.0.1:%u", port_of(index) + 1);
	add(line, "--initial-cluster=%s", cluster);
	add(line, "--bcrypt-cost=4");
	if (real.tls) {
		add(line, "--cert-file=" REAL_DIR "/server.crt");
		add(line, "--key-file=" REAL_DIR "/server.key");
	}
	for (unsigned int i = 0; real.more && real.more[i]; i++)
		add(line, "%s", real.more[i]);
}

static void exec_member(unsigned int index)
{
	struct line line;
	int fd = open(REAL_DIR "/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	make_line(&line, index);
	if (dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0)
		execv(line.argument[0], line.argument);
	_exit(127);
}

void real_wait_ready(unsigned int index)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "for i in $(seq 600); do "
		 "curl -ks --max-time 2 --retry 3 --retry-connrefused --retry-delay 1 %s/health | "
		 "grep -q true && exit 0; "
		 "kill -0 %d || break; done; tail -n 20 " REAL_DIR "/log >&2; exit 1",
		 real.url[index], (int)real.pid[index]);
	real_run(command);
}

static void start_member(unsigned int index)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		exec_member(index);
	real.pid[index] = pid;
}

void real_start(unsigned int nr, const char *const *arguments)
{
	real.more = arguments;
	name_members(nr);
	for (unsigned int i = 0; i < nr; i++)
		start_member(i);
	for (unsigned int i = 0; i < nr; i++)
		real_wait_ready(i);
}

void real_signal(unsigned int index, int number)
{
	siginfo_t stopped;

	assert_int_equal(kill(real.pid[index], number), 0);
	/* On a busy machine some of its threads go on for a while. */
	if (number == SIGSTOP)
		assert_int_equal(waitid(P_PID, (id_t)real.pid[index], &stopped, WSTOPPED), 0);
}

void real_kill(unsigned int index)
{
	real_signal(index, SIGKILL);
	assert_int_equal(waitpid(real.pid[index], NULL, 0), real.pid[index]);
	real.pid[index] = 0;
}

void real_restart(unsigned int index)
{
	start_member(index);
}

void real_stop(void)
{
	for (unsigned int i = 0; i < real.nr; i++) {
		if (real.pid[i])
			real_kill(i);
	}
	real_run("rm -rf " REAL_DIR "/m[0-9]");
}

static void set_urls(void)
{
	char urls[256] = "";

	for (unsigned int i = 0; i < real.nr; i++)
		snprintf(urls + strlen(urls), sizeof(urls) - strlen(urls), "%s%s", i ? "," : "",
			 real.url[i]);
	setenv("URLS", urls, 1);
	setenv("ETCDCTL_API", "3", 1);
	setenv("ETCDCTL_ENDPOINTS", urls, 1);
}

const char *real_read(const char *command)
{
	static char line[1024];
	FILE *pipe;
	int status;

	set_urls();
	pipe = popen(command, "re");
	assert_non_null(pipe);
	if (!fgets(line, sizeof(line), pipe))
		*line = '\0';
	while (fgetc(pipe) != EOF)
		;
	status = pclose(pipe);
	if (status)
		fail_msg("status %d: %s", status, command);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

void real_run(const char *command)
{
	real_read(command);
}

struct etcd_options real_options(sd_event *event)
{
	return (struct etcd_options){
		.event = event,
		.urls = real.urls,
		.nr_urls = real.nr,
		.try_ms = 2000,
		.limit_ms = 20000,
	};
}

void real_begin(unsigned int nr, void (*left)(void *context, const char *url, const char *reason),
		void *context, sd_event **ret_event, struct etcd **ret_etcd)
{
	struct etcd_options options;

	real_start(nr, NULL);
	assert_true(sd_event_new(ret_event) >= 0);
	options = real_options(*ret_event);
	options.left = left;
	options.context = context;
	assert_int_equal(etcd_open(&options, ret_etcd), 0);
}

void real_end(sd_event *event, struct etcd *etcd)
{
	etcd_close(etcd);
	sd_event_unref(event);
	real_stop();
}

uint64_t real_limit_ns(void)
{
	const char *slow = getenv("SALLYPORT_SLOW");
	unsigned int times = slow ? (unsigned int)atoi(slow) : 1;

	return boottime_now_ns() + REAL_LIMIT_S * NS_PER_S * (times ? times : 1);
}

void real_turn(sd_event *event, uint64_t until_ns, const char *what)
{
	if (boottime_now_ns() >= until_ns)
		fail_msg("waited in vain for: %s", what);
	assert_true(sd_event_run(event, TURN_US) >= 0);
}

static void on_put(void *context, const struct etcd_txn_result *result)
{
	struct real_put *put = context;

	put->done = true;
	put->error = result->error;
	put->succeeded = result->succeeded;
	if (result->error)
		snprintf(put->reason, sizeof(put->reason), "%s", result->reason);
}

struct real_put real_do_put(sd_event *event, struct etcd *etcd, const char *key, const char *value)
{
	struct etcd_txn *txn = etcd_txn_new();
	struct etcd_txn_call *call;
	struct real_put put = {0};

	etcd_txn_put(txn, gateway_value_text(key), gateway_value_text(value));
	assert_int_equal(etcd_txn_send(etcd, txn, on_put, &put, &call), 0);
	etcd_txn_free(txn);
	REAL_WAIT(event, put.done);
	return put;
}
