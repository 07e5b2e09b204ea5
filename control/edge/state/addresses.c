/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/state/addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>

#include "host/addr.h"
#include "journal/journal.h"
#include "model/settings.h"

#define ROUNDS	   10 /* as FF1 of NIST SP 800-38G has, of which this is the shape */
#define SLOT_BITS  16u
#define BLOCK_SIZE 16

static int load(struct journal *journal, const char *name, uint64_t *ret_value)
{
	uint64_t value = 0;
	int result = journal_number(journal, name, &value);

	if (result == 0)
		*ret_value = value;
	return result;
}

static int draw_key(struct addresses *addresses)
{
	ssize_t bytes = getrandom(addresses->key, sizeof(addresses->key), 0);

	return bytes == sizeof(addresses->key) ? 0 : -EIO;
}

/* A key without its count, or a count without its key, is of no journal of ours. */
static int load_all(struct addresses *addresses, struct journal *journal)
{
	int result = load(journal, ADDRESSES_GIVEN, &addresses->next);

	if (result == -ENOENT)
		return draw_key(addresses);
	if (result == 0)
		result = load(journal, ADDRESSES_KEY_LOW, &addresses->key[0]);
	if (result == 0)
		result = load(journal, ADDRESSES_KEY_HIGH, &addresses->key[1]);
	if (result == 0)
		addresses->kept = addresses->next;
	return result == -ENOENT ? -EBADMSG : result;
}

int state_addresses_open(struct addresses *addresses, struct journal *journal)
{
	EVP_CIPHER_CTX *cipher;
	int result = load_all(addresses, journal);

	if (result < 0)
		return result;
	cipher = EVP_CIPHER_CTX_new();
	if (!cipher)
		return -ENOMEM;
	addresses->cipher = cipher;
	if (EVP_EncryptInit_ex(cipher, EVP_aes_128_ecb(), NULL,
			       (const unsigned char *)addresses->key, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(cipher, 0) != 1)
		return -ENOTSUP;
	return 0;
}

void state_addresses_close(struct addresses *addresses)
{
	EVP_CIPHER_CTX_free(addresses->cipher);
	addresses->cipher = NULL;
}

/* Result: 64 bits that only the key's owner can tell, of a round and a half. */
static int mix(const struct addresses *addresses, unsigned int bits, unsigned int round,
	       uint64_t half, uint64_t *ret_mixed)
{
	uint64_t in[2] = {half, (uint64_t)bits << 32 | round}, out[2];
	int written = 0;

	if (EVP_EncryptUpdate(addresses->cipher, (unsigned char *)out, &written,
			      (const unsigned char *)in, BLOCK_SIZE) != 1 ||
	    written != BLOCK_SIZE)
		return -EIO;
	*ret_mixed = out[0];
	return 0;
}

/* A Feistel network: each round changes one half by the other, and so can be undone. */
int state_addresses_encipher(const struct addresses *addresses, unsigned int bits, uint64_t number,
			     uint64_t *ret_number)
{
	unsigned int low_bits = bits / 2;
	uint64_t low_mask = (UINT64_C(1) << low_bits) - 1;
	uint64_t high_mask = (UINT64_C(1) << (bits - low_bits)) - 1;
	uint64_t half[2] = {number & low_mask, number >> low_bits & high_mask}, mixed;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int changed = round & 1;
		int result = mix(addresses, bits, round, half[!changed], &mixed);

		if (result < 0)
			return result;
		half[changed] ^= mixed & (changed ? high_mask : low_mask);
	}
	*ret_number = half[1] << low_bits | half[0];
	return 0;
}

int state_addresses_give(struct addresses *addresses, const struct model_public *public,
			 uint16_t slot_number, uint16_t port, struct sp_addr *ret_addr)
{
	const struct sp_prefix prefix = {public->bind, public->mask};
	unsigned int bits = 128 - addr_prefix_length(&prefix) - SLOT_BITS;
	struct sp_addr addr = public->bind;
	uint64_t number;
	int result;

	if (addresses->next >> bits)
		return -ENOSPC;
	result = state_addresses_encipher(addresses, bits, addresses->next, &number);
	if (result < 0)
		return result;
	addresses->next++;
	addr.word_be[2] |= htonl((uint32_t)(number >> 16));
	addr.word_be[3] = htonl((uint32_t)number << 16 | (uint16_t)(slot_number ^ port));
	*ret_addr = addr;
	return 0;
}

int state_addresses_save(const struct addresses *addresses, struct journal *journal,
			 uint64_t *ret_kept)
{
	uint64_t kept = addresses->next + ADDRESSES_AHEAD;
	int result;

	if (!addresses->cipher ||
	    (addresses->kept && addresses->next + ADDRESSES_AHEAD / 2 <= addresses->kept))
		return 0;
	result = journal_set_number(journal, ADDRESSES_GIVEN, kept);
	if (result == 0)
		result = journal_set_number(journal, ADDRESSES_KEY_LOW, addresses->key[0]);
	if (result == 0)
		result = journal_set_number(journal, ADDRESSES_KEY_HIGH, addresses->key[1]);
	if (result == 0)
		*ret_kept = kept;
	return result;
}
