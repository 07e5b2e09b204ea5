/* SPDX-License-Identifier: BSD-3-Clause */
#include "runner/label.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/addr.h"

#define PREFIX	   "runner-"
#define KEPT_BYTES 52 /* of a label */
#define TIME_BITS  40 /* of milliseconds: 34 years */
#define TIME_BYTES 10
#define KEPT                                                                                       \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                               \
	"abcdefghijklmnopqrstuvwxyz0123456789._-"

static void swap(char *text, char from, char to)
{
	for (; *text; text++)
		if (*text == from)
			*text = to;
}

/* FNV-1a. It tells one VM's labels apart: who finds two of the same has fooled himself. */
static uint64_t hash(const char *text)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * 0x100000001b3;
	return sum;
}

/* The id without its time. Result: its length. */
static size_t begin_id(const struct sp_addr *vm, const char *label,
		       char ret_id[RUNNER_LABEL_ID_BYTES])
{
	char address[ADDR_TEXT_BYTES], kept[KEPT_BYTES + 1], sum[20] = "";
	size_t len = strnlen(label, KEPT_BYTES);
	bool whole = len && !label[len] && strspn(label, KEPT) == len;

	addr_format(vm, address);
	swap(address, ':', '_');
	for (size_t i = 0; i < len; i++)
		kept[i] = strchr(KEPT, label[i]) ? label[i] : '-';
	kept[len] = '\0';
	if (!whole)
		snprintf(sum, sizeof(sum), "-%016" PRIx64, hash(label));
	return (size_t)snprintf(ret_id, RUNNER_LABEL_ID_BYTES, PREFIX "%s-%s%s-", address, kept,
				sum);
}

const char *runner_label_id(const struct sp_addr *vm, const char *label, uint64_t wall_ms,
			    char ret_id[RUNNER_LABEL_ID_BYTES])
{
	size_t len = begin_id(vm, label, ret_id);

	snprintf(ret_id + len, RUNNER_LABEL_ID_BYTES - len, "%0*llx", TIME_BYTES,
		 (unsigned long long)(wall_ms & ((1ULL << TIME_BITS) - 1)));
	return ret_id;
}

bool runner_label_same(const char *id, const struct sp_addr *vm, const char *label,
		       uint64_t wall_ms, uint64_t young_ms)
{
	char begin[RUNNER_LABEL_ID_BYTES];
	size_t len = begin_id(vm, label, begin);
	uint64_t made_ms;
	char *end;

	if (strncmp(id, begin, len) != 0 || strlen(id + len) != TIME_BYTES)
		return false;
	made_ms = strtoull(id + len, &end, 16);
	return !*end && ((wall_ms - made_ms) & ((1ULL << TIME_BITS) - 1)) < young_ms;
}

int runner_label_vm(const char *id, struct sp_addr *ret_vm)
{
	char address[ADDR_TEXT_BYTES];
	size_t len;

	if (strncmp(id, PREFIX, strlen(PREFIX)) != 0)
		return -EINVAL;
	id += strlen(PREFIX);
	len = strcspn(id, "-");
	if (len >= sizeof(address) || id[len] != '-')
		return -EINVAL;
	memcpy(address, id, len);
	address[len] = '\0';
	swap(address, '_', ':');
	return addr_parse(address, ret_vm);
}

/* Result: how many bytes a character of UTF-8 has by its first, 0 if it is none or is broken. */
static size_t character(const char *text)
{
	unsigned char first = (unsigned char)*text;
	size_t len = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : 4;

	if (first >= 0x80 && (first < 0xc2 || first > 0xf4))
		return 0;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
	/* Too long, a surrogate, beyond the last: those of RFC 3629. */
	if ((first == 0xe0 && (unsigned char)text[1] < 0xa0) ||
	    (first == 0xed && (unsigned char)text[1] > 0x9f) ||
	    (first == 0xf0 && (unsigned char)text[1] < 0x90) ||
	    (first == 0xf4 && (unsigned char)text[1] > 0x8f))
		return 0;
	return len;
}

const char *runner_label_text(const char *text, char *ret_text, size_t size_bytes)
{
	size_t at = 0;

	while (*text) {
		size_t len = character(text), taken = len ? len : 1;

		if (at + taken >= size_bytes)
			break;
		if (!len)
			ret_text[at] = '?';
		else if ((unsigned char)*text < 0x20 || *text == 0x7f)
			ret_text[at] = ' ';
		else
			memcpy(ret_text + at, text, len);
		at += taken;
		text += taken;
	}
	ret_text[at] = '\0';
	return ret_text;
}
