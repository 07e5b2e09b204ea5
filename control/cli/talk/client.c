/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/talk/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "cli/talk/progress.h"
#include "host/boottime.h"

#define BASE_URL "http://sallyport"
#define HEAR_MS	 500
#define WAIT_MS	 1000 /* a signal that came just before is seen then */

struct client {
	CURL *curl;
	CURLM *multi; /* by which a call waits */
	char *socket;
	long limit_ms;			   /* 0: none */
	const volatile sig_atomic_t *stop; /* may be NULL */
	bool (*hear)(void *context, bool input);
	void *hear_context;
	int hear_fd;
	char error[CURL_ERROR_SIZE];
	long os_error;	   /* of the last call, 0: none known */
	uint64_t since_ns; /* it began */
	bool streams;	   /* what it brings is shown as it comes */
};

/* Where bytes of an answer go: to take_bytes; or into text, and from there to take, line by line.
 */
struct sink {
	CURL *curl;
	char *text;
	size_t bytes;
	void (*take)(void *context, const char *line);
	bool (*take_bytes)(void *context, const char *data, size_t bytes);
	void *context;
};

int talk_client_open(const char *socket, struct client **ret_client)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return -ENOMEM;
	client->socket = strdup(socket);
	client->curl = curl_easy_init();
	client->multi = curl_multi_init();
	if (!client->socket || !client->curl || !client->multi) {
		talk_client_close(client);
		return -ENOMEM;
	}
	*ret_client = client;
	return 0;
}

void talk_client_close(struct client *client)
{
	if (!client)
		return;
	curl_easy_cleanup(client->curl);
	curl_multi_cleanup(client->multi);
	free(client->socket);
	free(client);
}

int talk_client_move(struct client *client, const char *socket)
{
	char *copy = strdup(socket);

	if (!copy)
		return -ENOMEM;
	free(client->socket);
	client->socket = copy;
	return 0;
}

void talk_client_set_time_limit(struct client *client, long limit_ms)
{
	client->limit_ms = limit_ms;
}

void talk_client_stop_by(struct client *client, const volatile sig_atomic_t *stop)
{
	client->stop = stop;
}

void talk_client_listen(struct client *client, int fd, bool (*hear)(void *context, bool input),
			void *context)
{
	client->hear = hear;
	client->hear_context = context;
	client->hear_fd = fd;
}

/* libcurl asks whenever it has waited, at least once a second. */
static int on_progress(void *context, curl_off_t down, curl_off_t down_now, curl_off_t up,
		       curl_off_t up_now)
{
	const struct client *client = context;
	uint64_t waited_s = (boottime_now_ns() - client->since_ns) / NS_PER_S;

	if (waited_s > 0 && !client->streams)
		talk_progress("waiting for sallyportd, %u s", (unsigned int)waited_s);
	return client->stop && *client->stop;
}

/* Gives away the whole lines of sink->text and keeps the rest. */
static void take_lines(struct sink *sink)
{
	char *line = sink->text, *end;

	while ((end = memchr(line, '\n', sink->bytes - (size_t)(line - sink->text)))) {
		*end = '\0';
		sink->take(sink->context, line);
		line = end + 1;
	}
	sink->bytes -= (size_t)(line - sink->text);
	memmove(sink->text, line, sink->bytes + 1);
}

static size_t on_data(char *data, size_t size, size_t nr, void *cursor)
{
	struct sink *sink = cursor;
	size_t bytes = size * nr;
	long status = 0;
	char *grown;

	curl_easy_getinfo(sink->curl, CURLINFO_RESPONSE_CODE, &status);
	if (sink->take_bytes && status == 200)
		return sink->take_bytes(sink->context, data, bytes) ? bytes : 0;
	grown = realloc(sink->text, sink->bytes + bytes + 1);
	if (!grown)
		return 0;
	sink->text = grown;
	memcpy(grown + sink->bytes, data, bytes);
	sink->bytes += bytes;
	grown[sink->bytes] = '\0';
	if (sink->take && status == 200)
		take_lines(sink);
	return bytes;
}

static CURLcode set_request(struct client *client, const char *method, const char *url,
			    const char *json, struct curl_slist *headers)
{
	CURL *curl = client->curl;
	CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, url);

	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (code == CURLE_OK && json)
		code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
	if (code == CURLE_OK && json)
		code = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
					(curl_off_t)strlen(json));
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_PROXY, "");
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, client->limit_ms);
	return code;
}

/* libcurl's own words for a socket that does not answer speak of hosts and ports. */
static void name_error(struct client *client, CURLcode code)
{
	client->os_error = 0;
	if (code == CURLE_COULDNT_CONNECT)
		curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &client->os_error);
	if (client->os_error)
		snprintf(client->error, sizeof(client->error), "%s",
			 strerror((int)client->os_error));
	else if (client->error[0] == '\0')
		snprintf(client->error, sizeof(client->error), "%s", curl_easy_strerror(code));
}

/* Result: CURLE_OK to go on. */
static CURLcode wait_more(struct client *client)
{
	struct curl_waitfd input = {.fd = client->hear_fd, .events = CURL_WAIT_POLLIN};
	int nr = 0;

	if (curl_multi_poll(client->multi, client->hear ? &input : NULL, client->hear ? 1 : 0,
			    client->hear ? HEAR_MS : WAIT_MS, &nr) != CURLM_OK)
		return CURLE_OUT_OF_MEMORY;
	if (client->hear && (input.revents || nr == 0) &&
	    !client->hear(client->hear_context, input.revents != 0))
		return CURLE_ABORTED_BY_CALLBACK;
	return CURLE_OK;
}

/* Result: CURLE_OK and *ret_code, what became of the transfer. */
static CURLcode wait_for_all(struct client *client, CURLcode *ret_code)
{
	CURLcode code = CURLE_OK;
	int running = 1, left;

	while (code == CURLE_OK && running) {
		if (curl_multi_perform(client->multi, &running) != CURLM_OK)
			return CURLE_OUT_OF_MEMORY;
		if (running)
			code = wait_more(client);
	}
	for (CURLMsg *message; (message = curl_multi_info_read(client->multi, &left));)
		if (message->msg == CURLMSG_DONE)
			*ret_code = message->data.result;
	return code;
}

/* As curl_easy_perform() does, and hears meanwhile. */
static CURLcode transfer(struct client *client)
{
	CURLcode code = CURLE_OK, done = CURLE_OK;

	if (curl_multi_add_handle(client->multi, client->curl) != CURLM_OK)
		return CURLE_OUT_OF_MEMORY;
	code = wait_for_all(client, &done);
	curl_multi_remove_handle(client->multi, client->curl);
	return code == CURLE_OK ? done : code;
}

static CURLcode perform(struct client *client, struct sink *sink)
{
	CURL *curl = client->curl;
	CURLcode code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);

	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_WRITEDATA, sink);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	client->since_ns = boottime_now_ns();
	client->streams = sink->take || sink->take_bytes;
	if (code == CURLE_OK)
		code = transfer(client);
	talk_progress_end();
	if (code != CURLE_OK)
		name_error(client, code);
	return code;
}

static int finish(struct client *client, struct sink *sink, struct client_answer *ret_answer)
{
	struct client_answer answer = {
		.body = sink->text ? sink->text : strdup(""),
		.body_bytes = sink->bytes,
	};
	const char *type = NULL;
	long status = 0;

	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(client->curl, CURLINFO_CONTENT_TYPE, &type);
	answer.status = (unsigned int)status;
	answer.content_type = type ? strdup(type) : NULL;
	if (!answer.body || (type && !answer.content_type)) {
		talk_client_answer_clear(&answer);
		return -ENOMEM;
	}
	*ret_answer = answer;
	return 0;
}

static int run(struct client *client, const char *method, const char *path, const char *json,
	       struct sink *sink, struct client_answer *ret_answer)
{
	struct curl_slist *headers = NULL;
	CURLcode code;
	char *url;

	sink->curl = client->curl;
	client->error[0] = '\0';
	curl_easy_reset(client->curl);
	if (json)
		headers = curl_slist_append(NULL, "Content-Type: application/json");
	if ((json && !headers) || asprintf(&url, BASE_URL "%s", path) < 0) {
		curl_slist_free_all(headers);
		return -ENOMEM;
	}
	code = set_request(client, method, url, json, headers);
	if (code == CURLE_OK)
		code = perform(client, sink);
	free(url);
	curl_slist_free_all(headers);
	if (code == CURLE_OK)
		return finish(client, sink, ret_answer);
	free(sink->text);
	if (code == CURLE_WRITE_ERROR) /* said by on_data() */
		return sink->take_bytes ? -ECANCELED : -ENOMEM;
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return -ECANCELED;
	if (code == CURLE_PARTIAL_FILE)
		return -EPIPE;
	if (code == CURLE_COULDNT_CONNECT && client->os_error == EACCES)
		return -EACCES;
	return code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EIO;
}

int talk_client_call(struct client *client, const char *method, const char *path, const char *json,
		     struct client_answer *ret_answer)
{
	struct sink sink = {0};

	return run(client, method, path, json, &sink, ret_answer);
}

int talk_client_lines(struct client *client, const char *path,
		      void (*take)(void *context, const char *line), void *context,
		      struct client_answer *ret_answer)
{
	struct sink sink = {.take = take, .context = context};

	return run(client, "GET", path, NULL, &sink, ret_answer);
}

int talk_client_bytes(struct client *client, const char *path,
		      bool (*take)(void *context, const char *data, size_t bytes), void *context,
		      struct client_answer *ret_answer)
{
	struct sink sink = {.take_bytes = take, .context = context};

	return run(client, "GET", path, NULL, &sink, ret_answer);
}

const char *talk_client_error(const struct client *client)
{
	return client->error;
}

char *talk_client_escape(struct client *client, const char *text)
{
	char *escaped = curl_easy_escape(client->curl, text, (int)strlen(text));
	char *copy = escaped ? strdup(escaped) : NULL;

	curl_free(escaped);
	return copy;
}

void talk_client_answer_clear(struct client_answer *answer)
{
	free(answer->content_type);
	free(answer->body);
	memset(answer, 0, sizeof(*answer));
}
