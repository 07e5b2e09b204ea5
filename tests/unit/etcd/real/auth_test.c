/* SPDX-License-Identifier: BSD-3-Clause */
/* Users, passwords, tokens that expire, and certificates, with a real etcd. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "etcd/state.h"
#include "members.h"
#include "mirror.h"

#include "etcd/follow.h"

#define PASSWORD REAL_DIR "/password"

static int set_up_all(void **state)
{
	if (!real_possible())
		return 0;
	real_enter();
	real_run("cd " REAL_DIR " && openssl genrsa -out jwt.key 2048 2>/dev/null && "
		 "openssl rsa -in jwt.key -pubout -out jwt.pub 2>/dev/null && "
		 "for name in ca other; do openssl req -x509 -newkey rsa:2048 -nodes -days 2 "
		 "-subj /CN=$name -keyout $name.key -out $name.crt 2>/dev/null || exit; done; "
		 "openssl req -newkey rsa:2048 -nodes -subj / -keyout server.key -out server.csr "
		 "2>/dev/null && "
		 "echo 'subjectAltName=IP:127.0.0.1' >ext && openssl x509 -req -in server.csr "
		 "-CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out server.crt "
		 "2>/dev/null");
	return 0;
}

static void write_password(const char *password, mode_t mode)
{
	FILE *file = fopen(PASSWORD, "we");

	assert_non_null(file);
	fprintf(file, "%s\n", password);
	fclose(file);
	assert_int_equal(chmod(PASSWORD, mode), 0);
}

struct world {
	sd_event *event;
	struct etcd *etcd;
	char left[256];
};

static void on_left(void *context, const char *url, const char *reason)
{
	struct world *world = context;

	snprintf(world->left, sizeof(world->left), "%s", reason);
}

static void open_as(struct world *world, const char *user, const char *ca_file)
{
	struct etcd_options options;

	*world = (struct world){0};
	assert_true(sd_event_new(&world->event) >= 0);
	options = real_options(world->event);
	options.user = user;
	options.password_file = PASSWORD;
	options.ca_file = ca_file;
	options.limit_ms = 3000;
	options.left = on_left;
	options.context = world;
	assert_int_equal(etcd_open(&options, &world->etcd), 0);
}

static void shut(struct world *world)
{
	etcd_close(world->etcd);
	sd_event_unref(world->event);
}

static void enable_auth(void)
{
	real_run("etcdctl user add root:secret && etcdctl role add root; "
		 "etcdctl user grant-role root root && etcdctl user add other:secret && "
		 "etcdctl auth enable");
}

static void test_auth_when_the_password_is_right_then_logged_in_once_asked_to(void **state)
{
	struct world world;

	if (!real_possible())
		skip();
	real_start(1, NULL);
	write_password("secret", 0600);
	open_as(&world, "root", NULL);
	assert_int_equal(real_do_put(world.event, world.etcd, "/a", "1").error, 0);
	assert_int_equal(world.etcd->token_number, 0); /* nobody has asked for it */
	enable_auth();
	assert_int_equal(real_do_put(world.event, world.etcd, "/a", "2").error, 0);
	assert_int_equal(real_do_put(world.event, world.etcd, "/a", "3").error, 0);
	assert_int_equal(world.etcd->token_number, 1);
	/* Another password ends the tokens that the old one got. */
	real_run("echo other | etcdctl --user root:secret user passwd root --interactive=false");
	write_password("other", 0600);
	assert_int_equal(real_do_put(world.event, world.etcd, "/a", "4").error, 0);
	assert_int_equal(world.etcd->token_number, 2);
	shut(&world);
}

static void test_auth_when_refused_then_told_why(void **state)
{
	struct world world;
	struct real_put put;

	if (!real_possible())
		skip();
	real_start(1, NULL);
	enable_auth();
	write_password("wrong", 0600);
	open_as(&world, "root", NULL);
	put = real_do_put(world.event, world.etcd, "/a", "1");
	assert_int_equal(put.error, -EACCES);
	assert_non_null(strstr(put.reason, "invalid user ID or password"));
	write_password("secret", 0604);
	put = real_do_put(world.event, world.etcd, "/a", "1");
	assert_int_equal(put.error, -EPERM);
	assert_non_null(strstr(put.reason, "open to others"));
	write_password("secret", 0600);
	assert_int_equal(real_do_put(world.event, world.etcd, "/a", "1").error, 0);
	shut(&world);
	/* One who may log in, and not write. */
	open_as(&world, "other", NULL);
	put = real_do_put(world.event, world.etcd, "/a", "1");
	assert_int_equal(put.error, -EACCES);
	assert_non_null(strstr(put.reason, "permission denied"));
	shut(&world);
	open_as(&world, NULL, NULL);
	assert_int_equal(real_do_put(world.event, world.etcd, "/a", "1").error, -EACCES);
	shut(&world);
}

static void test_auth_when_the_token_expires_then_another_and_no_call_fails(void **state)
{
	static struct mirror mirror;
	struct etcd_follow_options options = mirror_options(&mirror, "/s/", 100);
	struct etcd_follow *follow;
	struct world world;

	if (!real_possible())
		skip();
	real_start(1, (const char *const[]){"--auth-token=jwt,pub-key=" REAL_DIR
					    "/jwt.pub,priv-key=" REAL_DIR
					    "/jwt.key,sign-method=RS256,ttl=1s",
					    NULL});
	enable_auth();
	write_password("secret", 0600);
	open_as(&world, "root", NULL);
	assert_int_equal(etcd_follow_open(world.etcd, &options, &follow), 0);
	REAL_WAIT(world.event, mirror.nr_whole == 1);
	while (world.etcd->token_number < 4)
		assert_int_equal(real_do_put(world.event, world.etcd, "/s/a", "1").error, 0);
	REAL_WAIT(world.event, mirror_get(&mirror, "/s/a"));
	etcd_follow_close(follow);
	shut(&world);
}

static void test_tls_when_the_certificate_is_of_our_ca_then_it_is_believed(void **state)
{
	struct world world;
	struct real_put put;

	if (!real_possible())
		skip();
	real_use_tls(true);
	real_start(1, NULL);
	open_as(&world, NULL, REAL_DIR "/ca.crt");
	assert_int_equal(real_do_put(world.event, world.etcd, "/a", "1").error, 0);
	shut(&world);
	open_as(&world, NULL, REAL_DIR "/other.crt");
	put = real_do_put(world.event, world.etcd, "/a", "1");
	assert_int_equal(put.error, -EHOSTDOWN);
	assert_non_null(strstr(world.left, "certificate"));
	shut(&world);
}

static int tear_down(void **state)
{
	if (real_possible())
		real_stop();
	real_use_tls(false);
	return 0;
}

#define CASE(test) cmocka_unit_test_teardown(test, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_auth_when_the_password_is_right_then_logged_in_once_asked_to),
		CASE(test_auth_when_refused_then_told_why),
		CASE(test_auth_when_the_token_expires_then_another_and_no_call_fails),
		CASE(test_tls_when_the_certificate_is_of_our_ca_then_it_is_believed),
	};

	return cmocka_run_group_tests_name("etcd_auth", tests, set_up_all, NULL);
}
