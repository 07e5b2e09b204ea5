/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /v1/builds/{id}/capture: a build's packets as a pcapng file that grows while it is sent. What a
 * slow client does not take in time is dropped and counted: nothing else ever waits for it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/verdict.h>

#include "api/call/call.h"
#include "api/call/context.h"
#include "api/handlers.h"
#include "model/clock.h"
#include "watch/capture/captures.h"
#include "watch/capture/limits.h"
#include "watch/capture/pcapng.h"

#define BUFFER_BYTES  ((size_t)1 << 20)
#define RETRY_AFTER_S 5
#define MEDIA_TYPE    "application/x-pcapng"

static const char *const verdicts[] = {
#define X(NAME, name, fate, help) [SP_##NAME] = #name ": " help,
	SP_VERDICT_LIST(X)
#undef X
};

struct download {
	struct http_request *request;
	struct capture *capture;
	bool ended;
	uint64_t received[2]; /* packets, by enum sp_direction */
	uint64_t dropped[2];  /* of those, no room here */
	size_t first;	      /* in buffer, [first, bytes) is not yet sent */
	size_t bytes;
	char buffer[BUFFER_BYTES];
};

/* Result: whether there was room. */
static bool append(struct download *download, const char *block, size_t bytes)
{
	if (bytes > BUFFER_BYTES - download->bytes) {
		download->bytes -= download->first;
		memmove(download->buffer, download->buffer + download->first, download->bytes);
		download->first = 0;
	}
	if (bytes > BUFFER_BYTES - download->bytes)
		return false;
	memcpy(download->buffer + download->bytes, block, bytes);
	download->bytes += bytes;
	http_request_wake(download->request);
	return true;
}

static void on_packet(void *context, const struct capture_packet *packet)
{
	const struct sp_snap *snap = packet->snap;
	enum sp_direction direction = snap->direction ? SP_TOWARD_CLIENT : SP_TOWARD_VM;
	char comment[PCAPNG_TEXT_MAX + 1], block[PCAPNG_BLOCK_MAX];
	struct download *download = context;
	const struct pcapng_packet written = {
		.interface = direction,
		.wall_ns = packet->wall_ns,
		.frame_bytes = snap->frame_bytes,
		.kept_bytes = snap->kept_bytes,
		.data = snap->data,
		.comment = comment,
	};

	snprintf(comment, sizeof(comment), "node %" PRIu32 ", %s: %s", packet->node->index,
		 packet->forward->name,
		 snap->verdict < SP_VERDICT_COUNT ? verdicts[snap->verdict] : "?");
	download->received[direction]++;
	if (!append(download, block, capture_pcapng_packet(block, &written)))
		download->dropped[direction]++;
}

/* What was overwritten before it was read came by either interface: it is counted with the first.
 */
static void on_beat(void *context)
{
	struct download *download = context;
	uint64_t lost = capture_captures_lost(download->capture);
	char block[PCAPNG_BLOCK_MAX];
	struct instant now;

	model_clock_read(&now);
	for (unsigned int i = 0; i < 2; i++) {
		const struct pcapng_statistics statistics = {
			.interface = i,
			.wall_ns = now.wall_ns,
			.received = download->received[i] + (i == 0 ? lost : 0),
			.dropped = download->dropped[i] + (i == 0 ? lost : 0),
		};

		append(download, block, capture_pcapng_statistics(block, &statistics));
	}
}

static void on_end(void *context)
{
	struct download *download = context;

	on_beat(download);
	download->ended = true;
	http_request_wake(download->request);
}

static ssize_t read_download(void *context, char *buffer, size_t size_bytes)
{
	struct download *download = context;
	size_t left = download->bytes - download->first;

	if (left == 0)
		return download->ended ? HTTP_STREAM_END : 0;
	if (left > size_bytes)
		left = size_bytes;
	memcpy(buffer, download->buffer + download->first, left);
	download->first += left;
	return (ssize_t)left;
}

static void release_download(void *context)
{
	struct download *download = context;

	capture_captures_stop(download->capture);
	free(download);
}

static void begin_file(struct download *download, const struct api_call *call,
		       const struct build *build)
{
	static const char *const sides[] = {"what clients send", "what VMs send"};
	char block[PCAPNG_BLOCK_MAX];

	append(download, block,
	       capture_pcapng_section(block, "sallyport " SALLYPORT_VERSION, build->id));
	for (unsigned int i = 0; i < 2; i++)
		append(download, block,
		       capture_pcapng_interface(block, call->api->interfaces[i], sides[i],
						SP_SNAP_BYTES));
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
	struct download *download = malloc(sizeof(*download));
	int r;

	if (!download) {
		call_refuse(call);
		return;
	}
	memset(download, 0, offsetof(struct download, buffer));
	download->request = call->request;
	options->context = stream.context = download;
	r = capture_captures_start(call->api->captures, options, &download->capture);
	if (r < 0) {
		free(download);
		refuse_start(call, r);
		return;
	}
	r = edge_notes_audit(call->api->edge, &call->edge, options->build, "capture");
	begin_file(download, call, options->build);
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
