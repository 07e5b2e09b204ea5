/* SPDX-License-Identifier: BSD-3-Clause */
/* What a line of the log looks like, whatever a peer said. */
#include "host/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/log_sink.h"

/* A writer that waits for its reader does so for ever: then the kernel ends the test. */
#define DEADLINE_S 60
/* More than any socket or pipe holds. */
#define LINES 30000u

struct escape_case {
	const char *text;
	const char *expected;
};

static void test_escape_when_odd_then_quoted_or_hex(void **state)
{
	static const struct escape_case cases[] = {
		{"plain", "plain"},
		{"/run/a.sock", "/run/a.sock"},
		{"", "\"\""},
		{"two words", "\"two words\""},
		{"a=b", "\"a=b\""},
		{"say \"x\"", "\"say \\\"x\\\"\""},
		{"back\\slash", "\"back\\\\slash\""},
		{"line\nbreak", "line\\x0abreak"},
		{"\x1b[31mred", "\\x1b[31mred"},
		{"\x7f", "\\x7f"},
		{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
		{"\xe2\x82\xac", "\xe2\x82\xac"},
		{"\xf0\x9f\x9a\x80", "\xf0\x9f\x9a\x80"},
		{"\xff", "\\xff"},
		{"\xc3", "\\xc3"},		     /* cut off */
		{"\xc0\xaf", "\\xc0\\xaf"},	     /* overlong */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* a surrogate */
		{"\xc2\x85", "\\xc2\\x85"},	     /* a control character beyond ASCII */
	};
	char text[LOG_VALUE_BYTES];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(log_escape(cases[i].text, text, sizeof(text)),
				    cases[i].expected);
}

static void test_escape_when_long_then_cut_between_characters(void **state)
{
	char text[8], tiny[4];

	assert_string_equal(log_escape("0123456789", text, sizeof(text)), "0123456");
	assert_string_equal(log_escape("01234\n", text, sizeof(text)), "01234");
	assert_string_equal(log_escape("0 123456789", text, sizeof(text)), "\"0 123\"");
	assert_string_equal(log_escape("012345\xc3\xbc", text, sizeof(text)), "012345");
	assert_string_equal(log_escape("a b", tiny, sizeof(tiny)), "\"a\"");
}

static void test_render_when_fields_then_key_value(void **state)
{
	const struct log_field fields[] = {log_string("name", "a b"),
					   log_string("none", NULL),
					   log_number("n", -7),
					   log_error("error", -ENOENT),
					   {0}};
	const struct log_field none[] = {{0}};
	char text[LOG_MESSAGE_BYTES];

	log_render("It happened.", fields, text, sizeof(text));
	assert_string_equal(text, "It happened. name=\"a b\" none=- n=-7 error=\"No such file or "
				  "directory\"");
	log_render("It happened.", none, text, sizeof(text));
	assert_string_equal(text, "It happened.");
	log_render("It happened.", fields, text, 10);
	assert_string_equal(text, "It happen");
}

/* Result: what is written to stderr while write_event runs, to be freed. */
static char *stderr_of(void (*write_event)(void))
{
	char *text = calloc(1, 8192);
	int pipe_fds[2], saved = dup(STDERR_FILENO);

	assert_non_null(text);
	assert_int_equal(pipe(pipe_fds), 0);
	dup2(pipe_fds[1], STDERR_FILENO);
	close(pipe_fds[1]);
	write_event();
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_true(read(pipe_fds[0], text, 8191) >= 0);
	close(pipe_fds[0]);
	return text;
}

static void write_warning(void)
{
	errno = EPERM;
	log_write(LOG_WARNING, "A worker does not answer.", log_number("worker", 3),
		  log_string("peer", "x\ny"));
	assert_int_equal(errno, EPERM);
}

static void write_bare(void)
{
	log_write(LOG_ERR, "That is all.");
}

static void write_debug(void)
{
	log_write(LOG_DEBUG, "Nobody wants to know.");
}

static void test_write_when_stderr_is_no_journal_then_one_line(void **state)
{
	char *text;

	log_open("prog", LOG_INFO);
	text = stderr_of(write_warning);
	assert_string_equal(text,
			    "prog: warning: A worker does not answer. worker=3 peer=x\\x0ay\n");
	free(text);
	text = stderr_of(write_bare);
	assert_string_equal(text, "prog: error: That is all.\n");
	free(text);
	text = stderr_of(write_debug);
	assert_string_equal(text, "");
	free(text);
	log_open("prog", LOG_DEBUG);
	text = stderr_of(write_debug);
	assert_string_equal(text, "prog: debug: Nobody wants to know.\n");
	free(text);
}

/* Takes the stream of stderr for the journal's, but for what is added to its inode. */
static void open_with_journal(unsigned int add)
{
	struct stat status;
	char stream[64];

	assert_int_equal(fstat(STDERR_FILENO, &status), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino + add);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("prog", LOG_INFO);
	unsetenv("JOURNAL_STREAM");
}

static void write_beside_journal(void)
{
	open_with_journal(1);
	log_write(LOG_ERR, "That is all.");
}

static void write_to_journal(void)
{
	open_with_journal(0);
	log_write(LOG_ERR, "A test of sallyport's log.");
}

/* A JOURNAL_STREAM left over from another process is not ours. */
static void test_write_when_stderr_is_the_journal_then_only_there(void **state)
{
	char *text = stderr_of(write_beside_journal);

	assert_string_equal(text, "prog: error: That is all.\n");
	free(text);
	text = stderr_of(write_to_journal);
	assert_string_equal(text, "");
	free(text);
	log_open("prog", LOG_INFO);
}

static void test_write_when_stderr_is_closed_then_errno_is_left(void **state)
{
	int saved = dup(STDERR_FILENO);

	close(STDERR_FILENO);
	errno = EPERM;
	log_write(LOG_ERR, "Nobody hears.");
	assert_int_equal(errno, EPERM);
	dup2(saved, STDERR_FILENO);
	close(saved);
}

/* Result: the socket of a journald that hangs: it reads nothing. */
static int hang_journald(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void write_lines(unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		log_write(LOG_ERR, "Again and again.", log_number("number", i));
}

/* Result: whether one of the records that wait there holds that text. */
static bool take_records(int fd, const char *text)
{
	char record[8192];
	bool found = false;
	ssize_t length;

	while ((length = recv(fd, record, sizeof(record) - 1, 0)) >= 0) {
		record[length] = '\0';
		found = found || strstr(record, text);
	}
	return found;
}

static void test_write_when_journald_hangs_then_dropped_and_told_later(void **state)
{
	char dir[] = "/tmp/sallyport-log-XXXXXX", path[64];
	uint64_t before = log_dropped();
	int fd;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	fd = hang_journald(path);
	log_sink_set_journal(path);
	open_with_journal(0);
	alarm(DEADLINE_S);
	write_lines(LINES);
	alarm(0);
	assert_true(log_dropped() > before);
	assert_true(take_records(fd, "\nSALLYPORT_NUMBER=0\n"));
	write_lines(1);
	assert_true(take_records(fd, "MESSAGE=Lines of the log were dropped: nobody read them. "
				     "lines="));
	write_lines(1);
	assert_false(take_records(fd, "dropped"));
	log_open("prog", LOG_INFO);
	close(fd);
	unlink(path);
	rmdir(dir);
}

/* A pipe as of a shell, and a stream as of the service manager. */
static void hang_stderr(int fds[2])
{
	int saved = dup(STDERR_FILENO);
	uint64_t before = log_dropped();

	dup2(fds[1], STDERR_FILENO);
	alarm(DEADLINE_S);
	write_lines(LINES);
	alarm(0);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[0]);
	close(fds[1]);
	assert_true(log_dropped() > before);
}

static void test_write_when_nobody_reads_stderr_then_dropped(void **state)
{
	int fds[2];

	log_open("prog", LOG_INFO);
	assert_int_equal(pipe(fds), 0);
	hang_stderr(fds);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	hang_stderr(fds);
}

/* As when a logger at the other end of a pipe is started anew. */
static void test_write_when_the_reader_of_a_pipe_is_gone_then_dropped(void **state)
{
	uint64_t before = log_dropped();
	int fds[2], saved = dup(STDERR_FILENO);

	log_open("prog", LOG_INFO);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	dup2(fds[1], STDERR_FILENO);
	write_lines(2);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[1]);
	assert_int_equal(log_dropped() - before, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape_when_odd_then_quoted_or_hex),
		cmocka_unit_test(test_escape_when_long_then_cut_between_characters),
		cmocka_unit_test(test_render_when_fields_then_key_value),
		cmocka_unit_test(test_write_when_stderr_is_no_journal_then_one_line),
		cmocka_unit_test(test_write_when_stderr_is_the_journal_then_only_there),
		cmocka_unit_test(test_write_when_stderr_is_closed_then_errno_is_left),
		cmocka_unit_test(test_write_when_journald_hangs_then_dropped_and_told_later),
		cmocka_unit_test(test_write_when_nobody_reads_stderr_then_dropped),
		cmocka_unit_test(test_write_when_the_reader_of_a_pipe_is_gone_then_dropped),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
