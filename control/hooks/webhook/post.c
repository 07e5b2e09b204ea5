/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/webhook/post.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "hooks/webhook/keys.h"
#include "hooks/webhook/signature.h"

#define POLL_MS 1000

static size_t discard(char *data, size_t size, size_t nr, void *context)
{
	return size * nr;
}

/* Result: 0 or -ENOMEM. */
static int add(struct curl_slist **headers, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int add(struct curl_slist **headers, const char *format, ...)
{
	struct curl_slist *more = NULL;
	va_list arguments;
	char *line;

	va_start(arguments, format);
	if (vasprintf(&line, format, arguments) >= 0) {
		more = curl_slist_append(*headers, line);
		free(line);
	}
	va_end(arguments);
	if (!more)
		return -ENOMEM;
	*headers = more;
	return 0;
}

static const char *take_header(void *context, const char *line)
{
	if (*line == ':' || !strchr(line, ':'))
		return "a header is a name, a colon and a value";
	return add(context, "%s", line) ? "out of memory" : NULL;
}

bool webhook_post_can_go_to(const char *url)
{
	CURLU *parts = curl_url();
	char *scheme = NULL;
	bool can = parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
		   curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		   (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

	curl_free(scheme);
	curl_url_cleanup(parts);
	return can;
}

int webhook_post_check_headers(const char *path, char ret_reason[WEBHOOK_REASON_BYTES])
{
	struct curl_slist *headers = NULL;
	int result = webhook_secret_read(path, take_header, &headers, ret_reason);

	curl_slist_free_all(headers);
	return result;
}

/* Result: 0, or -errno and the reason. */
static int add_signature(struct curl_slist **headers, const struct webhook_post *post,
			 uint64_t sent_s, char *ret_reason)
{
	const struct webhook_message message = {post->id, sent_s, post->body};
	struct webhook_keys keys;
	char *signature;
	int result = webhook_keys_read(post->keys, &keys, ret_reason);

	if (result < 0)
		return result;
	signature = webhook_signature_make(&keys, &message);
	webhook_keys_wipe(&keys);
	result = signature ? add(headers, "webhook-signature: %s", signature) : -ENOMEM;
	free(signature);
	return result;
}

/* Result: 0, or -errno and perhaps the reason; the headers are the caller's in any case. */
static int make_headers(const struct webhook_post *post, struct curl_slist **headers,
			char *ret_reason)
{
	uint64_t sent_s = (uint64_t)time(NULL);
	int result = add(headers, "Content-Type: application/json");

	if (result == 0)
		result = add(headers, "Expect:");
	if (result == 0)
		result = add(headers, "Idempotency-Key: %" PRIu64, post->seq);
	if (result == 0)
		result = add(headers, "webhook-id: %s", post->id);
	if (result == 0)
		result = add(headers, "webhook-timestamp: %" PRIu64, sent_s);
	if (result == 0 && post->keys)
		result = add_signature(headers, post, sent_s, ret_reason);
	if (result == 0 && post->headers)
		result = webhook_secret_read(post->headers, take_header, headers, ret_reason);
	return result;
}

static void set_post(CURL *curl, const struct webhook_post *post, struct curl_slist *headers)
{
	curl_easy_setopt(curl, CURLOPT_URL, post->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post->body);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(post->body));
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(post->limit_ns / 1000000 + 1));
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "sallyport-hooks/" SALLYPORT_VERSION);
}

/* Runs the one transfer of a multi to its end. Result: 0, -EINTR or -EIO. */
static int perform(CURLM *multi, int stop_fd)
{
	struct curl_waitfd wait = {.fd = stop_fd, .events = CURL_WAIT_POLLIN};
	int running = 1;

	for (;;) {
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return -EIO;
		if (!running)
			return 0;
		if (curl_multi_poll(multi, &wait, 1, POLL_MS, NULL) != CURLM_OK)
			return -EIO;
		if (wait.revents)
			return -EINTR;
	}
}

/* Result: as webhook_post_send(), of a transfer that is over. */
static int read_result(CURLM *multi, CURL *curl, char *ret_reason)
{
	int left;
	const CURLMsg *message = curl_multi_info_read(multi, &left);
	long status = 0;

	if (!message || message->data.result != CURLE_OK) {
		snprintf(ret_reason, WEBHOOK_REASON_BYTES, "%s",
			 curl_easy_strerror(message ? message->data.result : CURLE_RECV_ERROR));
		return -EIO;
	}
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status / 100 == 2 ? 0 : (int)status;
}

static int send_with(const struct webhook_post *post, struct curl_slist *headers, char *ret_reason)
{
	CURLM *multi = curl_multi_init();
	CURL *curl = curl_easy_init();
	int result = -ENOMEM;

	if (multi && curl) {
		set_post(curl, post, headers);
		result = curl_multi_add_handle(multi, curl) == CURLM_OK ? 0 : -ENOMEM;
		if (!result)
			result = perform(multi, post->stop_fd);
		if (!result)
			result = read_result(multi, curl, ret_reason);
		curl_multi_remove_handle(multi, curl);
	}
	curl_easy_cleanup(curl);
	curl_multi_cleanup(multi);
	return result;
}

int webhook_post_send(const struct webhook_post *post, char ret_reason[WEBHOOK_REASON_BYTES])
{
	struct curl_slist *headers = NULL;
	int result;

	*ret_reason = '\0';
	result = make_headers(post, &headers, ret_reason);
	if (result == 0)
		result = send_with(post, headers, ret_reason);
	if (result < 0 && !*ret_reason)
		snprintf(ret_reason, WEBHOOK_REASON_BYTES, "%s", strerror(-result));
	curl_slist_free_all(headers);
	return result;
}
