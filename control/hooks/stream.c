/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "hooks/stop.h"

#define SILENCE_S      45      /* three heartbeats */
#define LINE_MAX_BYTES 1048576 /* far more than an event has */
#define POLL_MS	       1000

struct stream {
	CURLM *multi;
	CURL *curl;
	char *text; /* [bytes], of which taken are given out */
	size_t bytes;
	size_t taken;
	time_t heard_s;
	bool full;
};

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static size_t on_data(char *data, size_t size, size_t nr, void *context)
{
	struct stream *stream = context;
	size_t bytes = size * nr;
	char *grown;

	memmove(stream->text, stream->text + stream->taken, stream->bytes - stream->taken);
	stream->bytes -= stream->taken;
	stream->taken = 0;
	stream->full = stream->bytes + bytes > LINE_MAX_BYTES;
	grown = stream->full ? NULL : realloc(stream->text, stream->bytes + bytes + 1);
	if (!grown)
		return 0;
	memcpy(grown + stream->bytes, data, bytes);
	stream->text = grown;
	stream->bytes += bytes;
	stream->heard_s = now_s();
	return bytes;
}

static int set_request(struct stream *stream, const char *socket, bool has_since, uint64_t since)
{
	char url[96] = "http://sallyport/v1/events";
	CURL *curl = stream->curl;

	if (has_since)
		snprintf(url, sizeof(url), "http://sallyport/v1/events?since=%" PRIu64, since);
	if (curl_easy_setopt(curl, CURLOPT_URL, url) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_PROXY, "") != CURLE_OK)
		return -ENOMEM;
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, stream);
	return curl_multi_add_handle(stream->multi, curl) == CURLM_OK ? 0 : -ENOMEM;
}

int hooks_stream_open(const char *socket, bool has_since, uint64_t since,
		      struct stream **ret_stream)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	int error = -ENOMEM;

	if (!stream)
		return -ENOMEM;
	stream->multi = curl_multi_init();
	stream->curl = curl_easy_init();
	stream->text = malloc(1);
	stream->heard_s = now_s();
	if (stream->multi && stream->curl && stream->text)
		error = set_request(stream, socket, has_since, since);
	if (error)
		hooks_stream_close(stream);
	else
		*ret_stream = stream;
	return error;
}

void hooks_stream_close(struct stream *stream)
{
	if (!stream)
		return;
	if (stream->multi && stream->curl)
		curl_multi_remove_handle(stream->multi, stream->curl);
	curl_easy_cleanup(stream->curl);
	curl_multi_cleanup(stream->multi);
	free(stream->text);
	free(stream);
}

/* Result: whether there was a whole line. */
static bool take_line(struct stream *stream, const char **ret_line)
{
	char *line = stream->text + stream->taken;
	char *end = memchr(line, '\n', stream->bytes - stream->taken);

	if (!end)
		return false;
	*end = '\0';
	stream->taken += (size_t)(end - line) + 1;
	*ret_line = line;
	return true;
}

/* Result: 0 if the answer is complete, -EIO if it was closed early: that is the usual end of a
 * stream. */
static int read_end(struct stream *stream, const char **ret_reason)
{
	int left;
	const CURLMsg *message = curl_multi_info_read(stream->multi, &left);

	if (message && message->data.result == CURLE_OK)
		return 0;
	*ret_reason = stream->full ? "a line has no end"
				   : curl_easy_strerror(message ? message->data.result
								: CURLE_RECV_ERROR);
	return -EIO;
}

int hooks_stream_next(struct stream *stream, const struct stop *stop, const char **ret_line,
		      const char **ret_reason)
{
	struct curl_waitfd wait = {.fd = stop->fd, .events = CURL_WAIT_POLLIN};
	int running;

	*ret_reason = "out of memory";
	stream->heard_s =
		now_s(); /* what was heard while the caller was busy is still to be read */
	while (!take_line(stream, ret_line)) {
		if (hooks_stop_asked(stop))
			return -EINTR;
		if (curl_multi_perform(stream->multi, &running) != CURLM_OK)
			return -ENOMEM;
		if (take_line(stream, ret_line))
			return 1;
		if (!running)
			return read_end(stream, ret_reason);
		if (now_s() - stream->heard_s > SILENCE_S)
			return -ETIMEDOUT;
		if (curl_multi_poll(stream->multi, &wait, 1, POLL_MS, NULL) != CURLM_OK)
			return -ENOMEM;
	}
	return 1;
}

unsigned int hooks_stream_status(struct stream *stream)
{
	long status = 0;

	curl_easy_getinfo(stream->curl, CURLINFO_RESPONSE_CODE, &status);
	return (unsigned int)status;
}
