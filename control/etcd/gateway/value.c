/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/gateway/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base64/base64.h"

#define NUMBER_BYTES 24

struct etcd_bytes gateway_value_text(const char *text)
{
	return (struct etcd_bytes){text, strlen(text)};
}

/* Result: its digits, after a sign perhaps; NULL if it is anything else. */
static const char *digits_of(const json_t *value, bool sign)
{
	const char *text = json_string_value(value);
	const char *digits = text && sign && *text == '-' ? text + 1 : text;

	if (!digits || !*digits || digits[strspn(digits, "0123456789")])
		return NULL;
	return text;
}

int gateway_value_read_uint(const json_t *object, const char *name, uint64_t *ret_number)
{
	const json_t *value = json_object_get(object, name);
	const char *text = digits_of(value, false);
	unsigned long long number;

	errno = 0;
	if (!value)
		number = 0;
	else if (json_is_integer(value) && json_integer_value(value) >= 0)
		number = (unsigned long long)json_integer_value(value);
	else if (text)
		number = strtoull(text, NULL, 10);
	else
		return -EBADMSG;
	if (errno)
		return -EBADMSG;
	*ret_number = number;
	return 0;
}

int gateway_value_read_int(const json_t *object, const char *name, int64_t *ret_number)
{
	const json_t *value = json_object_get(object, name);
	const char *text = digits_of(value, true);
	long long number;

	errno = 0;
	if (!value)
		number = 0;
	else if (json_is_integer(value))
		number = json_integer_value(value);
	else if (text)
		number = strtoll(text, NULL, 10);
	else
		return -EBADMSG;
	if (errno)
		return -EBADMSG;
	*ret_number = number;
	return 0;
}

int gateway_value_read_bytes(const json_t *object, const char *name, char **ret_data,
			     size_t *ret_bytes)
{
	const json_t *value = json_object_get(object, name);
	const char *text = value ? json_string_value(value) : "";
	size_t length = value ? json_string_length(value) : 0, bytes;
	char *data;

	if (!text || strlen(text) != length || length > INT32_MAX)
		return -EBADMSG;
	data = malloc(BASE64_ROOM(length) + 1);
	if (!data)
		return -ENOMEM;
	if (!base64_decode(text, data, &bytes)) {
		free(data);
		return -EBADMSG;
	}
	data[bytes] = '\0';
	*ret_data = data;
	*ret_bytes = bytes;
	return 0;
}

json_t *gateway_value_write_bytes(struct etcd_bytes bytes)
{
	size_t space = 4 * ((bytes.bytes + 2) / 3) + 1;
	char *text = bytes.bytes <= INT32_MAX ? malloc(space) : NULL;
	json_t *value;

	if (!text)
		return NULL;
	*text = '\0';
	if (bytes.bytes)
		EVP_EncodeBlock((unsigned char *)text, bytes.data, (int)bytes.bytes);
	value = json_string(text);
	free(text);
	return value;
}

json_t *gateway_value_write_uint(uint64_t number)
{
	char text[NUMBER_BYTES];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return json_string(text);
}

json_t *gateway_value_write_int(int64_t number)
{
	char text[NUMBER_BYTES];

	snprintf(text, sizeof(text), "%" PRId64, number);
	return json_string(text);
}

int gateway_value_prefix_end(struct etcd_bytes prefix, char **ret_data, size_t *ret_bytes)
{
	size_t bytes = prefix.bytes;
	char *data;

	while (bytes && ((const unsigned char *)prefix.data)[bytes - 1] == 0xff)
		bytes--;
	if (!bytes)
		return -EINVAL;
	data = malloc(bytes + 1);
	if (!data)
		return -ENOMEM;
	memcpy(data, prefix.data, bytes);
	data[bytes - 1]++;
	data[bytes] = '\0';
	*ret_data = data;
	*ret_bytes = bytes;
	return 0;
}
