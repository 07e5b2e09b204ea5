/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames to be traced: made from a description, or read from a capture. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <sallyport/table.h>

#define TRACE_FRAME_BYTES (14 + 65535)

struct trace_frame {
	size_t bytes;
	uint8_t data[TRACE_FRAME_BYTES];
};

struct trace_endpoint {
	struct sp_addr addr;
	uint16_t port;
};

/* A TCP or UDP packet in words. */
struct trace_description {
	struct trace_endpoint from;
	struct trace_endpoint to;
	uint8_t protocol; /* one bit of enum sp_protocol_mask */
	uint8_t tcp_flags;
	uint8_t ttl;
	uint16_t bytes; /* of the IP packet; fewer than its headers have: no payload */
};

/* Reads "ADDR:PORT" or "[ADDR]:PORT". Result: 0 or -EINVAL. */
int trace_frame_endpoint_parse(const char *text, struct trace_endpoint *ret_endpoint);

/* Reads flags by their first letters, "SA". Result: 0 or -EINVAL. */
int trace_frame_flags_parse(const char *text, uint8_t *ret_flags);

/* Makes the frame, without checksums, which the engines do not look at. Both ends are of one
 * family. */
void trace_frame_make(const struct trace_description *description, struct trace_frame *ret_frame);

struct trace_capture;

/* Opens a capture of Ethernet frames, "-" for stdin. Result: 0, or -EINVAL and why. */
int trace_frame_capture_open(const char *path, struct trace_capture **ret_capture, char *ret_reason,
			     size_t reason_bytes);
void trace_frame_capture_close(struct trace_capture *capture);

/*
 * Reads the next frame; what the capture cut off is zeros. Result: 1, 0 at the end, or -EINVAL
 * where the file is damaged.
 */
int trace_frame_capture_next(struct trace_capture *capture, struct trace_frame *ret_frame);
