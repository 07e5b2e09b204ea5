/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/gateway/kv.h"

#include <errno.h>
#include <stdlib.h>

static int read_bytes(const json_t *object, const char *name, struct etcd_bytes *bytes)
{
	char *data;
	int error = gateway_value_read_bytes(object, name, &data, &bytes->bytes);

	if (!error)
		bytes->data = data;
	return error;
}

int gateway_kv_read(const json_t *object, struct etcd_kv *ret_kv)
{
	struct etcd_kv kv = {0};
	int error = -EBADMSG;

	if (json_is_object(object) &&
	    gateway_value_read_int(object, "mod_revision", &kv.mod_revision) == 0)
		error = read_bytes(object, "key", &kv.key);
	if (!error)
		error = read_bytes(object, "value", &kv.value);
	if (error) {
		gateway_kv_clear(&kv);
		return error;
	}
	*ret_kv = kv;
	return 0;
}

void gateway_kv_clear(struct etcd_kv *kv)
{
	free((void *)kv->key.data);
	free((void *)kv->value.data);
	*kv = (struct etcd_kv){0};
}
