/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <curl/curl.h>
#include <jansson.h>

#include "hooks/dead_letters.h"
#include "hooks/notice.h"

#define LIMIT_MS	 5000L
#define HOOK_MAX	 60  /* of the API */
#define KEY_MAX		 128 /* likewise */
#define STATUS_URL	 "http://sallyport/v1/status"
#define DEAD_LETTERS_URL "http://sallyport/v1/dead-letters"

#define STATUS_TIMEOUT	   408
#define STATUS_IN_PROGRESS 409
#define STATUS_KEY_REUSED  422 /* told already, of another reason perhaps */
#define STATUS_TOO_MANY	   429

static size_t take(char *data, size_t size, size_t nr, void *out)
{
	return fwrite(data, size, nr, out) * size;
}

/* Result: the status of the answer, or -EIO if there is none. */
static int call(CURL *curl, const char *socket, const char *url, FILE *out)
{
	long status = 0;

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, LIMIT_MS);
	if (curl_easy_perform(curl) != CURLE_OK)
		return -EIO;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

static int read_status(const char *text, struct hooks_daemon *ret_daemon)
{
	json_t *status = json_loads(text, 0, NULL);
	const json_t *newest = json_object_get(json_object_get(status, "events"), "newest");
	const char *edge = json_string_value(json_object_get(status, "name"));
	int result = edge && json_is_integer(newest) && json_integer_value(newest) >= 0 ? 0 : -EIO;

	if (result == 0) {
		snprintf(ret_daemon->edge, sizeof(ret_daemon->edge), "%s", edge);
		ret_daemon->newest = (uint64_t)json_integer_value(newest);
	}
	json_decref(status);
	return result;
}

int hooks_daemon_reach(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = connect(fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
	close(fd);
	return error == -EAGAIN ? 0 : error; /* it has much to do */
}

int hooks_daemon_ask(const char *socket, struct hooks_daemon *ret_daemon)
{
	CURL *curl = curl_easy_init();
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	int result = curl && out ? call(curl, socket, STATUS_URL, out) : -ENOMEM;

	if (out && fclose(out) != 0 && result > 0)
		result = -ENOMEM;
	if (result > 0)
		result = result == 200 ? read_status(text, ret_daemon) : -EIO;
	free(text);
	curl_easy_cleanup(curl);
	return result;
}

/* Prints the hook as the API takes it. */
static void print_hook(const char *hook, char ret_text[HOOK_MAX + 1])
{
	FILE *out = fmemopen(ret_text, HOOK_MAX + 1, "w");

	memset(ret_text, 0, HOOK_MAX + 1);
	if (out) {
		hooks_notice_encode(out, hook, "._-");
		fclose(out);
	}
	ret_text[HOOK_MAX] = '\0';
}

static int post(CURL *curl, const char *socket, const char *body, const char *key)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	struct curl_slist *more = headers ? curl_slist_append(headers, key) : NULL;
	FILE *out = fopen("/dev/null", "we");
	int result = -ENOMEM;

	if (more && out) {
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, more);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
		result = call(curl, socket, DEAD_LETTERS_URL, out);
	}
	if (out)
		fclose(out);
	curl_slist_free_all(headers);
	return result;
}

/* Result: as hooks_daemon_tell(). */
static int judge(int status)
{
	if (status < 0)
		return status;
	if (status / 100 == 2 || status == STATUS_KEY_REUSED)
		return 0;
	if (status / 100 == 5 || status == STATUS_TIMEOUT || status == STATUS_IN_PROGRESS ||
	    status == STATUS_TOO_MANY)
		return -EIO;
	return status;
}

int hooks_daemon_tell(const char *socket, const struct dead_letter *letter,
		      const struct notice *notice)
{
	char hook[HOOK_MAX + 1], key[sizeof("Idempotency-Key: ") + KEY_MAX];
	CURL *curl = curl_easy_init();
	json_t *object;
	char *body;
	int result = -ENOMEM;

	print_hook(letter->hook, hook);
	snprintf(key, sizeof(key), "Idempotency-Key: dead-letter-%" PRIu64 "-%s", notice->seq,
		 hook);
	object = json_pack("{s:I, s:s, s:I, s:s}", "seq", (json_int_t)notice->seq, "hook", hook,
			   "tries", (json_int_t)letter->nr_tries, "reason", letter->reason);
	body = object ? json_dumps(object, JSON_COMPACT) : NULL;
	if (curl && body)
		result = judge(post(curl, socket, body, key));
	free(body);
	json_decref(object);
	curl_easy_cleanup(curl);
	return result;
}
