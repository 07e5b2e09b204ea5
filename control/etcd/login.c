/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/login.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "etcd/post.h"
#include "etcd/state.h"

#define PASSWORD_BYTES 1024

/* Result: 0 and the first line, or -errno: -EPERM for a file that is open to others. */
static int read_password(const char *path, char ret_password[PASSWORD_BYTES])
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	struct stat status;
	ssize_t bytes;
	int error = 0;

	if (!path)
		return -EACCES;
	if (fd < 0)
		return -errno;
	bytes = read(fd, ret_password, PASSWORD_BYTES - 1);
	if (bytes < 0 || fstat(fd, &status) < 0)
		error = -errno;
	else if (status.st_mode & S_IRWXO)
		error = -EPERM;
	close(fd);
	if (bytes >= 0)
		ret_password[bytes] = '\0';
	if (!error)
		ret_password[strcspn(ret_password, "\r\n")] = '\0';
	return error;
}

static void tell(struct etcd *etcd, int error, const char *reason)
{
	struct etcd_waiters waiters = {0};
	struct etcd_waiter *waiter;

	/* They may wait again at once. */
	while ((waiter = LIST_FIRST(&etcd->waiters))) {
		LIST_REMOVE(waiter, link);
		LIST_INSERT_HEAD(&waiters, waiter, link);
	}
	while ((waiter = LIST_FIRST(&waiters))) {
		etcd_login_forget(waiter);
		waiter->done(waiter->context, error, reason);
	}
}

static void on_end(void *context, const struct transfer_end *end)
{
	struct etcd *etcd = context;
	struct etcd_answer answer;
	const char *token;
	int error = -EAGAIN;

	etcd->login = NULL;
	etcd_post_read(etcd, etcd->login_member, end, &answer);
	token = json_string_value(json_object_get(answer.body, "token"));
	if (answer.verdict == ETCD_POST_DONE && token) {
		free(etcd->token);
		etcd->token = strdup(token);
		etcd->token_number++;
		error = etcd->token ? 0 : -ENOMEM;
	} else if (answer.verdict == ETCD_POST_REFUSED) {
		error = answer.error;
	} else {
		etcd_post_failed(etcd, etcd->login_member, answer.reason);
	}
	tell(etcd, error, answer.reason);
	json_decref(answer.body);
}

static int post(struct etcd *etcd, const char *password)
{
	json_t *object = json_pack("{s:s, s:s}", "name", etcd->options.user, "password", password);
	char *body = object ? json_dumps(object, JSON_COMPACT) : NULL;
	const struct etcd_post request = {
		.path = "/v3/auth/authenticate",
		.body = body,
		.limit_ms = etcd->options.try_ms,
		.end = on_end,
		.context = etcd,
	};
	int error = -ENOMEM;

	/* A bad token would be refused here, too. */
	if (etcd->token)
		OPENSSL_cleanse(etcd->token, strlen(etcd->token));
	free(etcd->token);
	etcd->token = NULL;
	etcd->login_member = etcd->members.current;
	if (body) {
		error = etcd_post_start(etcd, etcd->login_member, &request, &etcd->login);
		OPENSSL_cleanse(body, strlen(body));
	}
	free(body);
	json_decref(object);
	return error;
}

int etcd_login_wait(struct etcd *etcd, struct etcd_waiter *waiter)
{
	char password[PASSWORD_BYTES];
	int error = 0;

	if (!etcd->options.user)
		return -EACCES;
	if (!etcd->login) {
		error = read_password(etcd->options.password_file, password);
		if (!error)
			error = post(etcd, password);
		OPENSSL_cleanse(password, sizeof(password));
	}
	if (error)
		return error;
	waiter->waits = true;
	LIST_INSERT_HEAD(&etcd->waiters, waiter, link);
	return 0;
}

void etcd_login_forget(struct etcd_waiter *waiter)
{
	if (waiter->waits)
		LIST_REMOVE(waiter, link);
	waiter->waits = false;
}
