/* SPDX-License-Identifier: BSD-3-Clause */
#include "mirror.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void on_begin(void *context)
{
	struct mirror *mirror = context;

	mirror->reading = true;
	mirror->nr_begun++;
	for (unsigned int i = 0; i < mirror->nr; i++)
		mirror->entry[i].seen = false;
}

static unsigned int find(const struct mirror *mirror, const char *key)
{
	unsigned int i = 0;

	while (i < mirror->nr && strcmp(mirror->entry[i].key, key) != 0)
		i++;
	return i;
}

static void on_put(void *context, const struct etcd_kv *kv)
{
	struct mirror *mirror = context;
	unsigned int i = find(mirror, kv->key.data);

	assert_true(i < MIRROR_KEYS_MAX);
	if (i == mirror->nr)
		mirror->nr++;
	snprintf(mirror->entry[i].key, sizeof(mirror->entry[i].key), "%s",
		 (const char *)kv->key.data);
	snprintf(mirror->entry[i].value, sizeof(mirror->entry[i].value), "%s",
		 (const char *)kv->value.data);
	mirror->entry[i].seen = true;
	if (mirror->on_put)
		mirror->on_put(mirror);
}

static void drop(struct mirror *mirror, unsigned int i)
{
	mirror->entry[i] = mirror->entry[--mirror->nr];
}

static void on_gone(void *context, struct etcd_bytes key)
{
	struct mirror *mirror = context;
	unsigned int i = find(mirror, key.data);

	if (i < mirror->nr)
		drop(mirror, i);
}

static void on_whole(void *context, int64_t revision)
{
	struct mirror *mirror = context;

	for (unsigned int i = mirror->nr; i-- > 0;) {
		if (!mirror->entry[i].seen)
			drop(mirror, i);
	}
	mirror->reading = mirror->away = false;
	mirror->nr_whole++;
	if (mirror->on_whole)
		mirror->on_whole(mirror);
}

static void on_away(void *context, const char *reason)
{
	struct mirror *mirror = context;

	mirror->away = true;
	mirror->nr_away++;
	snprintf(mirror->reason, sizeof(mirror->reason), "%s", reason);
}

struct etcd_follow_options mirror_options(struct mirror *mirror, const char *prefix,
					  unsigned int page)
{
	return (struct etcd_follow_options){
		.prefix = {prefix, strlen(prefix)},
		.page = page,
		.begin = on_begin,
		.put = on_put,
		.whole = on_whole,
		.gone = on_gone,
		.away = on_away,
		.context = mirror,
	};
}

const char *mirror_get(const struct mirror *mirror, const char *key)
{
	unsigned int i = find(mirror, key);

	return i < mirror->nr ? mirror->entry[i].value : NULL;
}
