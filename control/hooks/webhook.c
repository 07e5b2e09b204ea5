/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/webhook.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <curl/curl.h>

#include "hooks/notice.h"
#include "hooks/options.h"
#include "hooks/stop.h"

#define POLL_MS 1000

static size_t discard(char *data, size_t size, size_t nr, void *context)
{
	return size * nr;
}

/* Result: whether the line was taken, or is empty; not without a name, a colon and a value. */
static bool add_line(struct curl_slist **headers, char *line)
{
	struct curl_slist *more;

	line[strcspn(line, "\r\n")] = '\0';
	if (!*line || *line == '#')
		return true;
	if (*line == ':' || !strchr(line, ':'))
		return false;
	more = curl_slist_append(*headers, line);
	if (more)
		*headers = more;
	return more;
}

/* Adds what a file has, which others may not read. Result: NULL, or what is wrong with it. */
static const char *add_file(struct curl_slist **headers, const char *path)
{
	FILE *file = fopen(path, "re");
	const char *wrong = NULL;
	struct stat status;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return "the file of headers cannot be read";
	if (fstat(fileno(file), &status) < 0 || (status.st_mode & S_IRWXO))
		wrong = "the file of headers is open to others: chmod o= it";
	while (!wrong && getline(&line, &room, file) >= 0)
		if (!add_line(headers, line))
			wrong = "the file of headers has a line that is none";
	free(line);
	fclose(file);
	return wrong;
}

static struct curl_slist *make_headers(const struct notice *notice)
{
	struct curl_slist *headers = NULL, *more;
	char key[64];
	const char *lines[] = {"Content-Type: application/json", key, "Expect:"};

	snprintf(key, sizeof(key), "Idempotency-Key: %" PRIu64, notice->seq);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		more = curl_slist_append(headers, lines[i]);
		if (!more) {
			curl_slist_free_all(headers);
			return NULL;
		}
		headers = more;
	}
	return headers;
}

static void set_post(CURL *curl, const char *url, const struct notice *notice, uint64_t limit_ns,
		     struct curl_slist *headers)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, notice->line);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(notice->line));
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(limit_ns / 1000000 + 1));
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "sallyport-hooks/" SALLYPORT_VERSION);
}

/* Runs the one transfer of a multi to its end. Result: 0, -EINTR or -EIO. */
static int perform(CURLM *multi, const struct stop *stop)
{
	struct curl_waitfd wait = {.fd = stop->fd, .events = CURL_WAIT_POLLIN};
	int running = 1;

	while (running) {
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return -EIO;
		if (!running)
			break;
		if (hooks_stop_asked(stop))
			return -EINTR;
		if (curl_multi_poll(multi, &wait, 1, POLL_MS, NULL) != CURLM_OK)
			return -EIO;
	}
	return 0;
}

/* Result: as hooks_webhook_post(), of a transfer that is over. */
static int read_result(CURLM *multi, CURL *curl, const char **ret_reason)
{
	int left;
	const CURLMsg *message = curl_multi_info_read(multi, &left);
	long status = 0;

	if (!message || message->data.result != CURLE_OK) {
		*ret_reason = curl_easy_strerror(message ? message->data.result : CURLE_RECV_ERROR);
		return -EIO;
	}
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status / 100 == 2 ? 0 : (int)status;
}

static int post(const struct options *options, const struct notice *notice, const struct stop *stop,
		struct curl_slist *headers, const char **ret_reason)
{
	CURLM *multi = curl_multi_init();
	CURL *curl = curl_easy_init();
	int result = -ENOMEM;

	if (multi && curl) {
		set_post(curl, options->webhook, notice, options->time_limit_ns, headers);
		result = curl_multi_add_handle(multi, curl) == CURLM_OK ? 0 : -ENOMEM;
		if (!result)
			result = perform(multi, stop);
		if (!result)
			result = read_result(multi, curl, ret_reason);
		else
			*ret_reason = strerror(-result);
		curl_multi_remove_handle(multi, curl);
	}
	curl_easy_cleanup(curl);
	curl_multi_cleanup(multi);
	return result;
}

int hooks_webhook_post(const struct options *options, const struct notice *notice,
		       const struct stop *stop, const char **ret_reason)
{
	struct curl_slist *headers = make_headers(notice);
	const char *wrong = NULL;
	int result = -ENOMEM;

	if (headers && options->headers)
		wrong = add_file(&headers, options->headers);
	if (wrong) {
		*ret_reason = wrong;
		result = -EIO;
	} else if (headers) {
		result = post(options, notice, stop, headers, ret_reason);
	}
	curl_slist_free_all(headers);
	return result;
}
