/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /v1/builds/{id}/capture: a build's packets as a pcapng file that grows while it is sent.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>

#include "api/call/call.h"
#include "api/call/context.h"
#include "api/handlers.h"
#include "model/clock.h"
#include "watch/capture/captures.h"
#include "watch/capture/file.h"
#include "watch/capture/limits.h"

#define RETRY_AFTER_S 5
#define MEDIA_TYPE    "application/x-pcapng"

struct download {
	struct http_request *request;
	struct capture *capture;
	struct capture_file *file;
	bool deserted; /* by whoever it was for */
};

static bool on_packet(void *context, const struct capture_packet *packet)
{
	struct download *download = context;
	bool kept = capture_file_packet(download->file, packet);

	http_request_wake(download->request);
	return kept;
}

/* Nothing is sent when there are no packets, so that nothing would show that nobody is there. */
static void on_beat(void *context)
{
	struct download *download = context;
	struct pollfd peer = {.fd = http_request_fd(download->request)};

	if (poll(&peer, 1, 0) <= 0)
		return;
	download->deserted = true;
	http_request_wake(download->request);
}

static void on_end(void *context, const struct capture_losses *losses)
{
	struct download *download = context;
	struct instant now;

	model_clock_read(&now);
	capture_file_end(download->file, losses, now.wall_ns);
	http_request_wake(download->request);
}

static ssize_t read_download(void *context, char *buffer, size_t size_bytes)
{
	struct download *download = context;

	if (download->deserted)
		return HTTP_STREAM_BREAK;
	if (capture_file_is_over(download->file))
		return HTTP_STREAM_END;
	return (ssize_t)capture_file_read(download->file, buffer, size_bytes);
}

static void release_download(void *context)
{
	struct download *download = context;

	if (download->capture)
		capture_captures_stop(download->capture);
	capture_file_close(download->file);
	free(download);
}

/* Result: for call, to be released; NULL without memory. */
static struct download *make_download(const struct api_call *call, const struct build *build)
{
	const struct capture_file_head head = {
		.program = "sallyport " SALLYPORT_VERSION,
		.comment = build->id,
		.interfaces = {call->api->interfaces[0], call->api->interfaces[1]},
	};
	struct download *download = calloc(1, sizeof(*download));

	if (!download)
		return NULL;
	if (capture_file_open(&head, &download->file) < 0) {
		free(download);
		return NULL;
	}
	download->request = call->request;
	return download;
}

/* Result: whether to go on; otherwise the call is answered. */
static bool read_options(struct api_call *call, struct capture_options *options)
{
	uint64_t seconds = CAPTURE_SECONDS_DEFAULT, packets = CAPTURE_PACKETS_DEFAULT;
	uint64_t node = UINT64_MAX;

	if (!call_query_number(call, "node", 0, BUILD_NODE_INDEX_MAX, &node) ||
	    !call_query_number(call, "seconds", 1, CAPTURE_SECONDS_MAX, &seconds) ||
	    !call_query_number(call, "packets", 1, CAPTURE_PACKETS_MAX, &packets))
		return false;
	options->one_node = node != UINT64_MAX;
	options->node_index = (uint32_t)node;
	options->duration_ns = seconds * CLOCK_SECOND_NS;
	options->nr_packets = packets;
	return true;
}

/* Result: whether it is there; otherwise the call is answered. */
static bool find(struct api_call *call, struct capture_options *options)
{
	options->build = edge_get(call->api->edge, call->id);
	if (!options->build)
		call_refuse_with(call, PROBLEM_NOT_FOUND, "There is no build %s.", call->id);
	else if (options->one_node && !model_build_node(options->build, options->node_index))
		call_refuse_with(call, PROBLEM_NOT_FOUND, "Build %s has no node %" PRIu32 ".",
				 call->id, options->node_index);
	return call->request != NULL;
}

static void refuse_start(struct api_call *call, int error)
{
	if (error != -EUSERS) {
		call_refuse(call);
		return;
	}
	call->problem.retry_after_s = RETRY_AFTER_S;
	call_refuse_with(call, PROBLEM_TOO_MANY, "%d captures are open already.", CAPTURES_MAX);
}

/* Nobody gets to see a packet. */
static void answer_head(struct api_call *call)
{
	const struct http_stream nothing = {.content_type = MEDIA_TYPE};

	if (http_request_stream(call->request, &nothing) < 0)
		call_refuse(call);
	else
		call->request = NULL;
}

/* Whoever looks at other people's packets is audited, or does not get to see one. */
static void begin(struct api_call *call, struct capture_options *options)
{
	struct http_stream stream = {
		.content_type = MEDIA_TYPE,
		.read = read_download,
		.release = release_download,
	};
	struct download *download = make_download(call, options->build);
	int r;

	if (!download) {
		call_refuse(call);
		return;
	}
	options->context = stream.context = download;
	r = capture_captures_start(call->api->captures, options, &download->capture);
	if (r < 0) {
		release_download(download);
		refuse_start(call, r);
		return;
	}
	r = edge_notes_audit(call->api->edge, &call->edge, options->build, "capture");
	if (r == 0)
		r = http_request_stream(call->request, &stream);
	if (r < 0) {
		release_download(download);
		call_refuse(call);
		return;
	}
	call->request = NULL;
}

void api_capture_start(struct api_call *call)
{
	struct capture_options options = {.take = on_packet, .beat = on_beat, .end = on_end};

	if (!read_options(call, &options) || !find(call, &options))
		return;
	if (http_request_is_head(call->request))
		answer_head(call);
	else
		begin(call, &options);
}
