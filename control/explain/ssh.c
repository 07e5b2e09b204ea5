// SPDX-License-Identifier: BSD-3-Clause
#include "explain/ssh.h"

#include <endian.h>
#include <string.h>

#define IDENTIFICATION "SSH-2.0-sallyport\r\n"
#define OUTDATED       "SSH-1.0-"
#define DROPBEAR       "SSH-2.0-dropbear"
#define MSG_DISCONNECT 1
/*
 * RFC 4250, 4.2.2. OpenSSH 9.2 prints the text with every reason at LogLevel ERROR and above, and
 * with none below; ssh2 for Node says nothing of reason 11.
 */
#define DISCONNECT_PROTOCOL_ERROR 2
#define BLOCK_BYTES		  8
#define PADDING_MIN		  4

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
	uint32_t value_be = htobe32(value);

	memcpy(at, &value_be, sizeof(value_be));
	return at + sizeof(value_be);
}

static uint8_t *put_printable(uint8_t *at, const char *text, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i++)
		*at++ = text[i] >= 0x20 && text[i] < 0x7f ? (uint8_t)text[i] : '?';
	return at;
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
	size_t len_bytes = strnlen(text, EXPLAIN_TEXT_MAX);

	return put_printable(put_u32(at, (uint32_t)len_bytes), text, len_bytes);
}

/* Result: the bytes of the first line with its end, or 0 if that has not come. */
static size_t line_bytes(const struct explain_words *words)
{
	size_t held =
		words->len_bytes < sizeof(words->head) ? words->len_bytes : sizeof(words->head);
	const uint8_t *end = memchr(words->head, '\n', held);

	return end ? (size_t)(end - words->head) + 1 : 0;
}

enum explain_heard explain_ssh_hear(struct explain_words *words, const uint8_t *bytes,
				    size_t len_bytes)
{
	uint32_t packet_be;
	size_t line;

	for (size_t i = 0; i < len_bytes && words->len_bytes + i < sizeof(words->head); i++)
		words->head[words->len_bytes + i] = bytes[i];
	words->len_bytes += len_bytes;
	line = line_bytes(words);
	if (line == 0 || line > EXPLAIN_LINE_MAX || memcmp(words->head, "SSH-", 4) != 0)
		return EXPLAIN_HEARD_NOTHING;
	if (words->len_bytes < line + sizeof(packet_be))
		return EXPLAIN_HEARD_LINE;
	memcpy(&packet_be, words->head + line, sizeof(packet_be));
	return words->len_bytes - line - sizeof(packet_be) >= be32toh(packet_be)
		       ? EXPLAIN_HEARD_PACKET
		       : EXPLAIN_HEARD_LINE;
}

bool explain_ssh_is_dropbear(const struct explain_words *words)
{
	return line_bytes(words) > strlen(DROPBEAR) &&
	       memcmp(words->head, DROPBEAR, strlen(DROPBEAR)) == 0;
}

size_t explain_ssh_identify(uint8_t ret_bytes[EXPLAIN_SSH_MAX])
{
	memcpy(ret_bytes, IDENTIFICATION, strlen(IDENTIFICATION));
	return strlen(IDENTIFICATION);
}

size_t explain_ssh_outdated(const char *text, uint8_t ret_bytes[EXPLAIN_SSH_MAX])
{
	const size_t most = EXPLAIN_LINE_MAX - strlen(OUTDATED) - strlen("\r\n");
	uint8_t *at = ret_bytes;

	memcpy(at, OUTDATED, strlen(OUTDATED));
	at = put_printable(at + strlen(OUTDATED), text, strnlen(text, most));
	*at++ = '\r';
	*at++ = '\n';
	return (size_t)(at - ret_bytes);
}

size_t explain_ssh_disconnect(const char *text, uint8_t ret_bytes[EXPLAIN_SSH_MAX])
{
	const size_t header_bytes = sizeof(uint32_t) + 1;
	uint8_t *at = ret_bytes + header_bytes;
	size_t unpadded, padding;

	*at++ = MSG_DISCONNECT;
	at = put_u32(at, DISCONNECT_PROTOCOL_ERROR);
	at = put_text(at, text);
	at = put_text(at, ""); /* language tag */
	unpadded = (size_t)(at - ret_bytes);
	padding = BLOCK_BYTES - unpadded % BLOCK_BYTES;
	if (padding < PADDING_MIN)
		padding += BLOCK_BYTES;
	memset(at, 0, padding);
	put_u32(ret_bytes, (uint32_t)(unpadded + padding - sizeof(uint32_t)));
	ret_bytes[sizeof(uint32_t)] = (uint8_t)padding;
	return (size_t)(at + padding - ret_bytes);
}
