// SPDX-License-Identifier: BSD-3-Clause
#include "explain/ssh.h"

#include <endian.h>
#include <string.h>

#define IDENTIFICATION "SSH-2.0-sallyport\r\n"
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

static uint8_t *put_text(uint8_t *at, const char *text)
{
	size_t len_bytes = strnlen(text, EXPLAIN_TEXT_MAX);

	at = put_u32(at, (uint32_t)len_bytes);
	for (size_t i = 0; i < len_bytes; i++)
		*at++ = text[i] >= 0x20 && text[i] < 0x7f ? (uint8_t)text[i] : '?';
	return at;
}

size_t explain_ssh_encode(const char *text, uint8_t ret_bytes[EXPLAIN_SSH_MAX])
{
	const size_t header_bytes = sizeof(uint32_t) + 1;
	uint8_t *packet = ret_bytes + strlen(IDENTIFICATION), *at = packet + header_bytes;
	size_t unpadded, padding;

	memcpy(ret_bytes, IDENTIFICATION, strlen(IDENTIFICATION));
	*at++ = MSG_DISCONNECT;
	at = put_u32(at, DISCONNECT_PROTOCOL_ERROR);
	at = put_text(at, text);
	at = put_text(at, ""); /* language tag */
	unpadded = (size_t)(at - packet);
	padding = BLOCK_BYTES - unpadded % BLOCK_BYTES;
	if (padding < PADDING_MIN)
		padding += BLOCK_BYTES;
	memset(at, 0, padding);
	put_u32(packet, (uint32_t)(unpadded + padding - sizeof(uint32_t)));
	packet[sizeof(uint32_t)] = (uint8_t)padding;
	return (size_t)(at + padding - ret_bytes);
}
