/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/capture/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/table.h>
#include <sallyport/verdict.h>

#include "model/build.h"
#include "watch/capture/captures.h"
#include "watch/capture/pcapng.h"

/* Kept free for the end: a packet, and the statistics of each interface. */
#define RESERVE_BYTES ((size_t)(1 + CAPTURE_SIDES) * PCAPNG_BLOCK_MAX)

static const char *const verdicts[] = {
#define X(NAME, name, fate, help) [SP_##NAME] = #name ": " help,
	SP_VERDICT_LIST(X)
#undef X
};

/* A packet as it goes into the file, apart from those before it. */
struct kept {
	struct sp_snap snap;
	uint64_t wall_ns;
	char fate[PCAPNG_TEXT_MAX + 1];
};

struct capture_file {
	struct capture_tally tally;
	uint64_t dropped;	    /* packets that found no room, in all */
	struct capture_losses told; /* which the packets in the file tell of, in all */
	bool behind;		    /* last is not in the file */
	struct kept last;	    /* the packet that came last */
	bool ended;
	size_t first; /* in buffer, [first, bytes) has not been read */
	size_t bytes;
	char buffer[CAPTURE_FILE_BYTES];
};

/* Result: whether there was room, with so much to spare. */
static bool append(struct capture_file *file, const char *block, size_t bytes, size_t spare_bytes)
{
	size_t wanted = bytes + spare_bytes;

	if (wanted > CAPTURE_FILE_BYTES - file->bytes) {
		file->bytes -= file->first;
		memmove(file->buffer, file->buffer + file->first, file->bytes);
		file->first = 0;
	}
	if (wanted > CAPTURE_FILE_BYTES - file->bytes)
		return false;
	memcpy(file->buffer + file->bytes, block, bytes);
	file->bytes += bytes;
	capture_tally_add(&file->tally, block, bytes);
	return true;
}

static void begin(struct capture_file *file, const struct capture_file_head *head)
{
	static const char *const sides[] = {"what clients send", "what VMs send"};
	char block[PCAPNG_BLOCK_MAX];

	append(file, block, capture_pcapng_section(block, head->program, head->comment), 0);
	for (unsigned int i = 0; i < CAPTURE_SIDES; i++)
		append(file, block,
		       capture_pcapng_interface(block, head->interfaces[i], sides[i],
						SP_SNAP_BYTES),
		       0);
}

int capture_file_open(const struct capture_file_head *head, struct capture_file **ret_file)
{
	struct capture_file *file = malloc(sizeof(*file));

	if (!file)
		return -ENOMEM;
	memset(file, 0, offsetof(struct capture_file, buffer));
	begin(file, head);
	*ret_file = file;
	return 0;
}

void capture_file_close(struct capture_file *file)
{
	free(file);
}

/* Result: how many are missing of which no packet tells yet. */
static struct capture_losses untold(const struct capture_file *file,
				    const struct capture_losses *losses)
{
	return (struct capture_losses){
		.own = losses->own + file->dropped - file->told.own,
		.any = losses->any - file->told.any,
	};
}

static void write_losses(const struct capture_losses *losses, char text[PCAPNG_TEXT_MAX + 1])
{
	uint64_t most = losses->own + losses->any;

	if (losses->any == 0)
		snprintf(text, PCAPNG_TEXT_MAX, "%" PRIu64 " %s lost before this one", most,
			 most == 1 ? "packet" : "packets");
	else
		snprintf(text, PCAPNG_TEXT_MAX,
			 "%" PRIu64 " to %" PRIu64
			 " packets lost before this one: some may be of another capture",
			 losses->own, most);
}

/* Result: whether there was room for the last packet, with so much to spare. */
static bool append_last(struct capture_file *file, const struct capture_losses *losses,
			size_t spare_bytes)
{
	char loss[PCAPNG_TEXT_MAX + 1], block[PCAPNG_BLOCK_MAX];
	const struct kept *last = &file->last;
	const struct pcapng_packet packet = {
		.interface = last->snap.direction ? SP_TOWARD_CLIENT : SP_TOWARD_VM,
		.wall_ns = last->wall_ns,
		.frame_bytes = last->snap.frame_bytes,
		.kept_bytes = last->snap.kept_bytes,
		.data = last->snap.data,
		.lost = losses->own + losses->any,
		.fate = last->fate,
		.loss = losses->own + losses->any > 0 ? loss : NULL,
	};

	write_losses(losses, loss);
	if (!append(file, block, capture_pcapng_packet(block, &packet), spare_bytes))
		return false;
	file->told.own += losses->own;
	file->told.any += losses->any;
	return true;
}

bool capture_file_packet(struct capture_file *file, const struct capture_packet *packet)
{
	struct capture_losses losses = untold(file, packet->losses);
	struct kept *last = &file->last;
	unsigned int verdict = packet->snap->verdict;

	last->snap = *packet->snap;
	last->wall_ns = packet->wall_ns;
	snprintf(last->fate, sizeof(last->fate), "node %" PRIu32 ", %s: %s", packet->node->index,
		 packet->forward->name, verdict < SP_VERDICT_COUNT ? verdicts[verdict] : "?");
	file->behind = !append_last(file, &losses, RESERVE_BYTES);
	file->dropped += file->behind;
	return !file->behind;
}

void capture_file_end(struct capture_file *file, const struct capture_losses *losses,
		      uint64_t wall_ns)
{
	struct capture_losses left;
	char block[PCAPNG_BLOCK_MAX];

	if (file->behind) {
		file->dropped--;
		left = untold(file, losses);
		append_last(file, &left, 0);
	}
	left = untold(file, losses);
	file->tally.lost[0] += left.own + left.any;
	for (unsigned int i = 0; i < CAPTURE_SIDES; i++)
		append(file, block, capture_tally_statistics(&file->tally, i, wall_ns, block), 0);
	file->ended = true;
}

size_t capture_file_read(struct capture_file *file, char *buffer, size_t size_bytes)
{
	size_t left = file->bytes - file->first;

	if (left > size_bytes)
		left = size_bytes;
	memcpy(buffer, file->buffer + file->first, left);
	file->first += left;
	return left;
}

bool capture_file_is_over(const struct capture_file *file)
{
	return file->ended && file->first == file->bytes;
}
