/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/call/call.h"
#include "api/call/context.h"
#include "api/handlers.h"
#include "edge/edge.h"
#include "host/boottime.h"
#include "page/board.h"
#include "page/files.h"
#include "page/hosts.h"

/* Nothing but our own files, and no markup out of texts, whatever a script would try. */
#define POLICY                                                                                     \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "                \
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "        \
	"require-trusted-types-for 'script'; trusted-types 'none'"

/* Saved, and overdrawn by the last that was let begin. */
#define CREDIT_MAX_NS ((int64_t)NS_PER_S)

static const struct {
	const char *name;
	const char *value;
} headers[] = {
	{"Content-Security-Policy", POLICY},
	{"X-Content-Type-Options", "nosniff"},
	{"Cache-Control", "no-store"},
	{"Referrer-Policy", "no-referrer"},
	{"X-Frame-Options", "DENY"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
};

void api_pages_reload(struct api_pages *pages, const struct config *config)
{
	pages->on = config->metrics.page;
	memcpy(pages->hosts, config->metrics.hosts, sizeof(pages->hosts));
	pages->nr_hosts = config->metrics.nr_hosts;
}

struct api_pages *api_pages_new(const struct config *config)
{
	struct api_pages *pages = calloc(1, sizeof(*pages));

	if (!pages)
		return NULL;
	pages->board = page_board_new();
	if (!pages->board) {
		free(pages);
		return NULL;
	}
	api_pages_reload(pages, config);
	return pages;
}

void api_pages_free(struct api_pages *pages)
{
	if (!pages)
		return;
	page_board_free(pages->board);
	json_decref(pages->events);
	free(pages->status);
	free(pages);
}

/* Another site may lead its visitors here by a link, and see nothing; it may not fetch. */
static bool is_led(const struct api_call *call)
{
	const char *site = http_request_header(call->request, "Sec-Fetch-Site");
	const char *mode = http_request_header(call->request, "Sec-Fetch-Mode");

	return !site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0 ||
	       (mode && strcmp(mode, "navigate") == 0);
}

bool api_pages_check(struct api_call *call)
{
	const struct api_pages *pages = call->api->pages;
	const char *host = http_request_header(call->request, "Host");

	if (!page_hosts_allow(host, pages->hosts, pages->nr_hosts))
		call_refuse_with(call, PROBLEM_FORBIDDEN,
				 "The page is not asked for by this name: use an address, or put "
				 "the name into metrics.hosts.");
	else if (!is_led(call))
		call_refuse_with(call, PROBLEM_FORBIDDEN,
				 "Another site's page may lead here, and not look.");
	return call->request != NULL;
}

bool api_pages_begin(struct api_call *call, uint64_t *ret_began_ns)
{
	struct api_pages *pages = call->api->pages;
	uint64_t now_ns = boottime_now_ns(), passed_ns = now_ns - pages->credit_at_ns;

	if (passed_ns > 10 * NS_PER_S)
		passed_ns = 10 * NS_PER_S;
	pages->credit_ns += (int64_t)(passed_ns / NS_PER_S * API_PAGES_SHARE +
				      passed_ns % NS_PER_S * API_PAGES_SHARE / NS_PER_S);
	if (pages->credit_ns > CREDIT_MAX_NS)
		pages->credit_ns = CREDIT_MAX_NS;
	pages->credit_at_ns = now_ns;
	*ret_began_ns = now_ns;
	if (pages->credit_ns > 0)
		return true;
	call->problem.retry_after_s = 1;
	call_refuse_with(call, PROBLEM_TOO_MANY, "All who look at the page ask too much together.");
	return false;
}

void api_pages_end(struct api_pages *pages, uint64_t began_ns)
{
	pages->credit_ns -= (int64_t)(boottime_now_ns() - began_ns);
	if (pages->credit_ns < -CREDIT_MAX_NS)
		pages->credit_ns = -CREDIT_MAX_NS;
}

void api_pages_reply(struct api_call *call, unsigned int status, const char *media_type,
		     const void *data, size_t bytes)
{
	struct http_answer answer = {
		.status = status,
		.content_type = media_type,
		.body = malloc(bytes + 1),
		.body_bytes = bytes,
	};
	int r = answer.body ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < sizeof(headers) / sizeof(headers[0]); i++)
		r = http_answer_header(&answer, headers[i].name, "%s", headers[i].value);
	if (r < 0) {
		http_answer_clear(&answer);
		call_refuse(call);
		return;
	}
	memcpy(answer.body, data, bytes);
	http_request_answer(call->request, &answer);
	call->request = NULL;
}

static void reply_file(struct api_call *call, unsigned int status, const char *name)
{
	const struct page_file *file = page_files_find(name);

	if (file)
		api_pages_reply(call, status, file->media_type, file->data, file->bytes);
	else
		call_refuse_with(call, PROBLEM_NOT_FOUND, "There is nothing at this path.");
}

void api_pages_status(struct api_call *call)
{
	reply_file(call, 200, "status.html");
}

/* The page itself says that there is no such build. */
void api_pages_build(struct api_call *call)
{
	reply_file(call, edge_get(call->api->edge, call->id) ? 200 : 404, "build.html");
}

void api_pages_file(struct api_call *call)
{
	reply_file(call, 200, call->id);
}
