// SPDX-License-Identifier: BSD-3-Clause
/* What keeps sallyportd from listening and writing, and its callers from the socket. */
#include "facts/facts.h"

#include <arpa/inet.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/config.h"
#include "host/lock_file.h"

struct place {
	char dir[64];
	struct config *config;
	struct facts_list list;
};

/* A configuration whose directories are all below the place's own; more stands at its end. */
static void configure(struct place *place, const char *state, const char *socket_path,
		      const char *more)
{
	struct config_errors errors = {0};
	char text[1024];

	config_free(place->config);
	snprintf(text, sizeof(text),
		 "public: { interface = \"none0\"; addresses = ( { bind = \"192.0.2.1\"; } ); };\n"
		 "builds: { interface = \"none1\"; networks = [ \"10.0.0.0/16\" ]; };\n"
		 "edge: { state_dir = \"%s%s\"; run_dir = \"%s/run\"; };\n"
		 "api: { socket = \"%s%s\"; %s",
		 place->dir, state, place->dir, place->dir, socket_path, more);
	assert_int_equal(config_load_text("test", text, strlen(text), &place->config, &errors), 0);
}

static int make(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->dir, "/tmp/sallyport-doors-XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	*state = place;
	return 0;
}

static int unmake(void **state)
{
	struct place *place = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", place->dir);
	assert_int_equal(system(command), 0);
	facts_free(&place->list);
	config_free(place->config);
	free(place);
	return 0;
}

/* Looks. Result: what is found of that name, NULL if nothing. */
static const struct facts_finding *look_for(struct place *place, const char *name)
{
	const struct facts_site site = {.config = place->config, .root = place->dir};

	facts_free(&place->list);
	assert_int_equal(facts_look(&site, &place->list), 0);
	for (unsigned int i = 0; i < place->list.nr; i++)
		if (strcmp(place->list.finding[i].name, name) == 0)
			return &place->list.finding[i];
	return NULL;
}

static void assert_refused(struct place *place, const char *says, const char *cure)
{
	const struct facts_finding *finding = look_for(place, "doors");
	char whole[256];

	assert_non_null(finding);
	assert_int_equal(finding->severity, FACTS_REFUSE);
	if (!strstr(finding->says, says))
		fail_msg("\"%s\" does not say \"%s\"", finding->says, says);
	if (!cure) {
		assert_null(finding->cure);
		return;
	}
	snprintf(whole, sizeof(whole), "mkdir -p %s%s", place->dir, cure);
	assert_string_equal(finding->cure, whole);
}

#define NOWHERE "}; metrics: { listen = \"\"; };"

static void test_look_when_a_start_makes_all_it_needs_then_nothing_is_said(void **state)
{
	configure(*state, "/state", "/run/api.sock", NOWHERE);
	assert_null(look_for(*state, "doors"));
}

static void test_look_when_a_directory_is_missing_then_it_is_named_by_key(void **state)
{
	configure(*state, "/a/b/state", "/run/api.sock", NOWHERE);
	assert_refused(*state, "edge.state_dir: there is no directory /tmp/", "/a/b");
	configure(*state, "/state", "/sockets/api.sock", NOWHERE);
	assert_refused(*state, "api.socket: there is no directory /tmp/", "/sockets");
}

/* DIR/read-only is there then, and is; the mount is this process's own. Result: whether it could
 * be. */
static bool make_read_only(const struct place *place, const char *path)
{
	char whole[128];

	snprintf(whole, sizeof(whole), "%s%s", place->dir, path);
	assert_int_equal(mkdir(whole, 0700), 0);
	if (unshare(CLONE_NEWNS) < 0) {
		print_message("# skipped: needs root\n");
		return false;
	}
	assert_int_equal(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mount("none", whole, "tmpfs", MS_RDONLY, NULL), 0);
	return true;
}

static void unmake_read_only(const struct place *place, const char *path)
{
	char whole[128];

	unsetenv("INVOCATION_ID");
	snprintf(whole, sizeof(whole), "%s%s", place->dir, path);
	assert_int_equal(umount(whole), 0);
}

static void assert_cure_has(struct place *place, const char *says, const char *const part[],
			    size_t nr)
{
	const struct facts_finding *finding = look_for(place, "doors");

	assert_non_null(finding);
	assert_int_equal(finding->severity, FACTS_REFUSE);
	if (!strstr(finding->says, says))
		fail_msg("\"%s\" does not say \"%s\"", finding->says, says);
	assert_non_null(finding->cure);
	for (size_t i = 0; i < nr; i++)
		if (!strstr(finding->cure, part[i]))
			fail_msg("\"%s\" has no \"%s\"", finding->cure, part[i]);
}

/* As our unit sees what it does not name: no file system is to be mounted anew then. */
static void test_look_when_the_unit_may_not_write_then_the_cure_is_a_drop_in(void **state)
{
	static const char *const unit[] = {
		"mkdir -p /tmp/sallyport-doors-",
		"/read-only/state && for unit in sallyportd sallyport-hold",
		"[Service]\\nReadWritePaths=%s\\n' /tmp/sallyport-doors-",
		"systemctl daemon-reload"};
	static const char *const hand[] = {"mount -o remount,rw"};
	struct place *place = *state;

	if (!make_read_only(place, "/read-only"))
		skip();
	configure(place, "/read-only/state", "/run/api.sock", NOWHERE);
	assert_cure_has(place, "is on a read-only file system", hand, 1);
	setenv("INVOCATION_ID", "0123456789abcdef0123456789abcdef", 1);
	assert_cure_has(place, "edge.state_dir: the unit may not write to /tmp/", unit, 4);
	configure(place, "/state", "/read-only/api.sock", NOWHERE);
	assert_cure_has(place, "api.socket: the unit may not write to /tmp/", unit + 2, 2);
	unmake_read_only(place, "/read-only");
}

/* DIR/file is there then. */
static void make_file(const struct place *place)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/file", place->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
}

static void test_look_when_a_file_stands_in_for_the_socket_then_that_is_said(void **state)
{
	struct place *place = *state;

	make_file(place);
	configure(place, "/state", "/file", NOWHERE);
	assert_refused(place, "is there and is no socket", NULL);
}

static void test_look_when_a_file_stands_in_for_a_directory_then_that_is_said(void **state)
{
	struct place *place = *state;

	make_file(place);
	configure(place, "/file", "/run/api.sock", NOWHERE);
	assert_refused(place, "edge.state_dir: /tmp/", NULL);
	assert_refused(place, "/file is there and is no directory", NULL);
	configure(place, "/file/state", "/run/api.sock", NOWHERE);
	assert_refused(place, "/file/state cannot be written to: Not a directory", NULL);
}

/* Result: a socket that listens at the loopback, and a line of the configuration that wants it. */
static int take_port(char *ret_line, size_t size)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(ret_line, size, "}; metrics: { listen = \"127.0.0.1:%u\"; };",
		 ntohs(address.sin_port));
	return fd;
}

static void test_look_when_another_has_the_port_of_metrics_then_a_start_is_refused(void **state)
{
	struct place *place = *state;
	struct lock_file file = {.name = "lock", .dir_mode = 0700, .mode = 0600};
	char line[96], dir[128];
	int fd = take_port(line, sizeof(line)), lock_fd;
	pid_t holder;

	configure(place, "/state", "/run/api.sock", line);
	assert_refused(place, "metrics.listen: something on this host listens on port ", NULL);

	/* An edge that is served has it itself. */
	snprintf(dir, sizeof(dir), "%s/state", place->dir);
	file.dir = dir;
	lock_fd = lock_file_take(&file, &holder);
	assert_true(lock_fd >= 0);
	assert_null(look_for(place, "doors"));
	close(lock_fd);
	assert_non_null(look_for(place, "doors"));

	close(fd);
	assert_null(look_for(place, "doors"));
	configure(place, "/state", "/run/api.sock", "}; metrics: { listen = \"192.0.2.99:1\"; };");
	assert_refused(place, "metrics.listen: 192.0.2.99 is not this host's", NULL);
}

static void test_look_when_a_role_cannot_open_the_socket_then_a_risk(void **state)
{
	static const char role[] =
		"roles = ( { user = \"nobody\"; role = \"orchestrator\"; } ); };";
	const struct facts_finding *finding;
	struct place *place = *state;
	char more[160];

	configure(place, "/state", "/run/api.sock", role);
	finding = look_for(place, "roles");
	assert_non_null(finding);
	assert_int_equal(finding->severity, FACTS_RISK);
	assert_non_null(strstr(finding->says, "\"nobody\" a role, and api.group names no group"));
	assert_string_equal(finding->cure, "editor " CONFIG_DEFAULT_PATH);

	snprintf(more, sizeof(more), "group = \"daemon\"; %s", role);
	configure(place, "/state", "/run/api.sock", more);
	assert_string_equal(look_for(place, "roles")->cure, "usermod -aG daemon nobody");
	snprintf(more, sizeof(more), "group = \"nogroup\"; %s", role); /* its own */
	configure(place, "/state", "/run/api.sock", more);
	assert_null(look_for(place, "roles"));
}

static void test_look_when_a_role_gives_nothing_more_then_nothing_is_said(void **state)
{
	configure(*state, "/state", "/run/api.sock",
		  "roles = ( { user = \"nobody\"; role = \"viewer\"; },"
		  "{ user = \"root\"; role = \"orchestrator\"; } ); };");
	assert_null(look_for(*state, "roles"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)
	const struct CMUnitTest tests[] = {
		TEST(test_look_when_a_start_makes_all_it_needs_then_nothing_is_said),
		TEST(test_look_when_a_directory_is_missing_then_it_is_named_by_key),
		TEST(test_look_when_a_file_stands_in_for_a_directory_then_that_is_said),
		TEST(test_look_when_a_file_stands_in_for_the_socket_then_that_is_said),
		TEST(test_look_when_the_unit_may_not_write_then_the_cure_is_a_drop_in),
		TEST(test_look_when_another_has_the_port_of_metrics_then_a_start_is_refused),
		TEST(test_look_when_a_role_cannot_open_the_socket_then_a_risk),
		TEST(test_look_when_a_role_gives_nothing_more_then_nothing_is_said),
	};

	return cmocka_run_group_tests_name("facts_doors", tests, NULL, NULL);
}
