/* SPDX-License-Identifier: BSD-3-Clause */
#include "runner/ask.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "host/boottime.h"
#include "host/log.h"

#define REST_NS	       (2 * NS_PER_S)
#define TEXT_MAX_BYTES ((size_t)64 << 20)
#define PATH_BYTES     512

struct ask {
	CURL *curl;
	struct curl_slist *headers;
	const char *socket;
	uint64_t until_ns;
	uint64_t rests_until_ns;
	bool away; /* as the log knows */
	int error; /* of the last call that was not answered */
	char *text;
	size_t bytes;
};

int runner_ask_open(const char *socket, struct ask **ret_ask)
{
	struct ask *ask = calloc(1, sizeof(*ask));

	if (!ask)
		return -ENOMEM;
	ask->curl = curl_easy_init();
	ask->headers = curl_slist_append(NULL, "Content-Type: application/json");
	ask->socket = socket;
	if (!ask->curl || !ask->headers) {
		runner_ask_close(ask);
		return -ENOMEM;
	}
	*ret_ask = ask;
	return 0;
}

void runner_ask_close(struct ask *ask)
{
	if (!ask)
		return;
	curl_easy_cleanup(ask->curl);
	curl_slist_free_all(ask->headers);
	free(ask->text);
	free(ask);
}

void runner_ask_begin(struct ask *ask, uint64_t limit_ns)
{
	ask->until_ns = boottime_now_ns() + limit_ns;
}

static size_t on_data(char *data, size_t size, size_t nr, void *context)
{
	struct ask *ask = context;
	size_t bytes = size * nr;
	char *grown;

	if (ask->bytes + bytes > TEXT_MAX_BYTES)
		return 0;
	grown = realloc(ask->text, ask->bytes + bytes + 1);
	if (!grown)
		return 0;
	memcpy(grown + ask->bytes, data, bytes);
	ask->text = grown;
	ask->bytes += bytes;
	ask->text[ask->bytes] = '\0';
	return bytes;
}

static void set_call(struct ask *ask, const char *method, const char *url, const char *body)
{
	CURL *curl = ask->curl;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, ask->socket);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, ask);
	if (body) {
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, ask->headers);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	}
}

/* Result: -EACCES if the socket is there, and not for us. */
static int tell_why(struct ask *ask, CURLcode result)
{
	long error = 0;

	curl_easy_getinfo(ask->curl, CURLINFO_OS_ERRNO, &error);
	if (error == EACCES) {
		if (!ask->away)
			log_write(LOG_WARNING,
				  "The socket of sallyportd is not for sallyport-runner: api.group "
				  "must name a group of it. Jobs go on without ssh.",
				  log_string("socket", ask->socket));
		return -EACCES;
	}
	if (!ask->away)
		log_write(LOG_WARNING, "sallyportd does not answer: jobs go on without ssh.",
			  log_string("socket", ask->socket),
			  log_string("reason", curl_easy_strerror(result)));
	return -EHOSTDOWN;
}

/* Says it once, and once when it is over. */
static int tell(struct ask *ask, CURLcode result)
{
	long status = 0;

	curl_easy_getinfo(ask->curl, CURLINFO_RESPONSE_CODE, &status);
	if (result == CURLE_OK && status) {
		if (ask->away)
			log_write(LOG_NOTICE, "sallyportd answers again.");
		ask->away = false;
		return (int)status;
	}
	ask->error = tell_why(ask, result);
	ask->away = true;
	ask->rests_until_ns = boottime_now_ns() + REST_NS;
	return ask->error;
}

int runner_ask_call(struct ask *ask, const char *method, const char *path, const char *body,
		    const char **ret_text)
{
	uint64_t now_ns = boottime_now_ns();
	char url[PATH_BYTES];
	int status;

	if (now_ns < ask->rests_until_ns)
		return ask->error;
	if (now_ns >= ask->until_ns)
		return -EHOSTDOWN;
	free(ask->text);
	ask->text = NULL;
	ask->bytes = 0;
	snprintf(url, sizeof(url), "http://sallyport%s", path);
	set_call(ask, method, url, body);
	curl_easy_setopt(ask->curl, CURLOPT_TIMEOUT_MS,
			 (long)((ask->until_ns - now_ns) / NS_PER_MS + 1));
	status = tell(ask, curl_easy_perform(ask->curl));
	*ret_text = ask->text ? ask->text : "";
	return status;
}
