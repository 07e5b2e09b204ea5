/* SPDX-License-Identifier: BSD-3-Clause */
#include "transfer/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "transfer/multi.h"

/* A peer that has gone without a word is found out after a quarter of a minute. */
#define KEEPALIVE_IDLE_S  5L
#define KEEPALIVE_EVERY_S 5L

LIST_HEAD(transfer_list, transfer);

struct transfer {
	struct transfers *transfers;
	LIST_ENTRY(transfer) link;
	CURL *curl;
	struct curl_slist *headers;
	void (*line)(void *context, const char *line, size_t bytes);
	void (*part)(void *context, const struct transfer_end *part);
	void (*end)(void *context, const struct transfer_end *end);
	void *context;
	char *text; /* what has come and was not used yet, with a NUL behind it */
	size_t bytes, space, most;
	bool fresh; /* there is more of it than the reader has seen */
	bool too_long;
	bool reading;	/* inside line() */
	bool cancelled; /* by line(): freed behind it */
};

struct transfers {
	struct transfer_multi *multi;
	struct transfer_list list;
};

static void free_transfer(struct transfer *transfer)
{
	LIST_REMOVE(transfer, link);
	curl_easy_cleanup(transfer->curl);
	curl_slist_free_all(transfer->headers);
	free(transfer->text);
	free(transfer);
}

static bool make_room(struct transfer *transfer, size_t bytes)
{
	size_t need = transfer->bytes + bytes + 1, space = transfer->space ? transfer->space : 4096;
	char *grown;

	if (need <= transfer->space)
		return true;
	while (space < need)
		space *= 2;
	grown = realloc(transfer->text, space);
	if (!grown)
		return false;
	transfer->text = grown;
	transfer->space = space;
	return true;
}

/* Within libcurl, where nothing of it may be called: the reader is told in on_settled(). */
static size_t on_data(char *data, size_t size, size_t nr, void *context)
{
	struct transfer *transfer = context;
	size_t bytes = size * nr;

	transfer->too_long = bytes > transfer->most - transfer->bytes;
	if (transfer->too_long || !make_room(transfer, bytes))
		return 0;
	memcpy(transfer->text + transfer->bytes, data, bytes);
	transfer->bytes += bytes;
	transfer->text[transfer->bytes] = '\0';
	transfer->fresh = true;
	return bytes;
}

/* A head that is there is something new. */
static size_t on_head(char *data, size_t size, size_t nr, void *context)
{
	struct transfer *transfer = context;

	if (size * nr == 2 && memcmp(data, "\r\n", 2) == 0)
		transfer->fresh = true;
	return size * nr;
}

/* What is known of an answer so far. */
static struct transfer_end describe(const struct transfer *transfer)
{
	struct transfer_end end = {.body = "", .content_type = ""};
	char *content_type = NULL;
	long number = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &number);
	end.status = (unsigned int)number;
	curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_TYPE, &content_type);
	if (content_type)
		end.content_type = content_type;
	if (transfer->text && !transfer->line) {
		end.body = transfer->text;
		end.body_bytes = transfer->bytes;
	}
	return end;
}

/* Tells the lines that are whole. Result: how many bytes they are, with their ends. */
static size_t tell_lines(const struct transfer *transfer)
{
	size_t used = 0;
	const char *end;

	while (!transfer->cancelled &&
	       (end = memchr(transfer->text + used, '\n', transfer->bytes - used))) {
		const char *line = transfer->text + used;
		size_t bytes = (size_t)(end - line);

		used += bytes + 1;
		if (bytes)
			transfer->line(transfer->context, line, bytes);
	}
	return used;
}

/* Tells the next part. Result: how many bytes it is. */
static size_t tell_part(const struct transfer *transfer)
{
	const struct transfer_end part = describe(transfer);

	if (part.status != 200)
		return 0;
	transfer->part(transfer->context, &part);
	return part.body_bytes;
}

/* Result: whether the transfer is still there. */
static bool give(struct transfer *transfer)
{
	size_t used;

	transfer->fresh = false;
	if (!transfer->part && (!transfer->line || !transfer->bytes))
		return true;
	transfer->reading = true;
	used = transfer->part ? tell_part(transfer) : tell_lines(transfer);
	transfer->reading = false;
	if (transfer->cancelled) {
		free_transfer(transfer);
		return false;
	}
	transfer->bytes -= used;
	if (transfer->text)
		memmove(transfer->text, transfer->text + used, transfer->bytes + 1);
	return true;
}

/* A reader may start and cancel others: the list is looked at anew behind each. */
static void on_settled(void *context)
{
	struct transfers *transfers = context;
	struct transfer *transfer;

	do {
		LIST_FOREACH (transfer, &transfers->list, link)
			if (transfer->fresh && !transfer->reading)
				break;
		if (transfer)
			give(transfer);
	} while (transfer);
}

/* What was not sent was not done; of the rest nobody knows. */
static int judge(const struct transfer *transfer, CURLcode result)
{
	long sent_bytes = 0;

	if (result == CURLE_OK)
		return 0;
	if (result == CURLE_OUT_OF_MEMORY)
		return -ENOMEM;
	curl_easy_getinfo(transfer->curl, CURLINFO_REQUEST_SIZE, &sent_bytes);
	if (!sent_bytes)
		return -ENOTCONN;
	if (transfer->too_long)
		return -EMSGSIZE;
	return result == CURLE_OPERATION_TIMEDOUT ? -ETIMEDOUT : -EIO;
}

static void on_over(void *context, CURL *curl, CURLcode result)
{
	struct transfer_end end;
	struct transfer *transfer;

	curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)&transfer);
	if (transfer->fresh && !give(transfer))
		return;
	end = describe(transfer);
	end.error = judge(transfer, result);
	end.reason = curl_easy_strerror(result);
	transfer->reading = true; /* end() must not find it in use */
	transfer->end(transfer->context, &end);
	free_transfer(transfer);
}

static bool add_headers(struct transfer *transfer, const struct transfer_request *request)
{
	struct curl_slist *more = curl_slist_append(NULL, "Expect:");

	transfer->headers = more;
	for (unsigned int i = 0; more && i < TRANSFER_HEADERS_MAX; i++) {
		if (!request->header[i])
			continue;
		more = curl_slist_append(transfer->headers, request->header[i]);
	}
	return more != NULL;
}

static void set_peer(CURL *curl, const struct transfer_request *request)
{
	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_EVERY_S);
	if (request->socket)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->socket);
	if (request->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file);
}

/* Result: whether there was memory. */
static bool set_request(struct transfer *transfer, const struct transfer_request *request)
{
	CURL *curl = transfer->curl;

	set_peer(curl, request);
	curl_easy_setopt(curl, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	if (strcmp(request->method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	if (transfer->part) {
		curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_head);
		curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
	}
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->limit_ms);
	if (!request->body)
		return true;
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes);
	return curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, request->body) == CURLE_OK;
}

int transfer_open(sd_event *event, struct transfers **ret_transfers)
{
	struct transfers *transfers = calloc(1, sizeof(*transfers));
	const struct transfer_multi_events events = {on_over, on_settled, transfers};
	int r = transfers ? transfer_multi_new(event, &events, &transfers->multi) : -ENOMEM;

	if (r < 0)
		free(transfers);
	else
		*ret_transfers = transfers;
	return r < 0 ? r : 0;
}

void transfer_limit(struct transfers *transfers, unsigned int nr_connections)
{
	transfer_multi_limit(transfers->multi, nr_connections);
}

void transfer_close(struct transfers *transfers)
{
	if (!transfers)
		return;
	while (!LIST_EMPTY(&transfers->list))
		transfer_cancel(LIST_FIRST(&transfers->list));
	transfer_multi_free(transfers->multi);
	free(transfers);
}

int transfer_start(struct transfers *transfers, const struct transfer_request *request,
		   struct transfer **ret_transfer)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer)
		return -ENOMEM;
	transfer->transfers = transfers;
	transfer->line = request->line;
	transfer->part = request->part;
	transfer->end = request->end;
	transfer->context = request->context;
	transfer->most = request->answer_bytes;
	transfer->curl = curl_easy_init();
	LIST_INSERT_HEAD(&transfers->list, transfer, link);
	if (!transfer->curl || !add_headers(transfer, request) || !set_request(transfer, request) ||
	    transfer_multi_add(transfers->multi, transfer->curl) < 0) {
		free_transfer(transfer);
		return -ENOMEM;
	}
	*ret_transfer = transfer;
	return 0;
}

void transfer_cancel(struct transfer *transfer)
{
	if (!transfer)
		return;
	transfer_multi_remove(transfer->transfers->multi, transfer->curl);
	if (transfer->reading)
		transfer->cancelled = true;
	else
		free_transfer(transfer);
}
