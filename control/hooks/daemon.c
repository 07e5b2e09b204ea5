/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>
#include <jansson.h>

#define LIMIT_MS 5000L

static size_t take(char *data, size_t size, size_t nr, void *out)
{
	return fwrite(data, size, nr, out) * size;
}

/* Result: 0 or -EIO. */
static int ask(CURL *curl, const char *socket, FILE *out)
{
	long status = 0;

	curl_easy_setopt(curl, CURLOPT_URL, "http://sallyport/v1/status");
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, LIMIT_MS);
	if (curl_easy_perform(curl) != CURLE_OK)
		return -EIO;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status == 200 ? 0 : -EIO;
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

int hooks_daemon_ask(const char *socket, struct hooks_daemon *ret_daemon)
{
	CURL *curl = curl_easy_init();
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	int result = curl && out ? ask(curl, socket, out) : -ENOMEM;

	if (out && fclose(out) != 0 && result == 0)
		result = -ENOMEM;
	if (result == 0)
		result = read_status(text, ret_daemon);
	free(text);
	curl_easy_cleanup(curl);
	return result;
}
