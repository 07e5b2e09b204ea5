/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/etcd.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "etcd/state.h"

/* Result: whether there was memory. */
static bool copy_texts(struct etcd_options *options)
{
	const char **texts[] = {&options->user, &options->password_file, &options->ca_file};
	bool whole = true;

	for (unsigned int i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!*texts[i])
			continue;
		*texts[i] = strdup(*texts[i]);
		whole = whole && *texts[i];
	}
	return whole;
}

/* Without slashes at the end: paths begin with one. Result: whether there was memory. */
static bool copy_urls(struct etcd *etcd, const struct etcd_options *options)
{
	etcd->urls = calloc(options->nr_urls, sizeof(*etcd->urls));
	etcd->options.urls = (const char *const *)etcd->urls;
	for (unsigned int i = 0; etcd->urls && i < options->nr_urls; i++) {
		size_t bytes = strlen(options->urls[i]);

		while (bytes && options->urls[i][bytes - 1] == '/')
			bytes--;
		etcd->urls[i] = strndup(options->urls[i], bytes);
		if (!etcd->urls[i])
			return false;
	}
	return etcd->urls != NULL;
}

int etcd_open(const struct etcd_options *options, struct etcd **ret_etcd)
{
	struct etcd *etcd;
	bool whole;
	int r = -ENOMEM;

	if (!options->nr_urls || options->nr_urls > ETCD_MEMBERS_MAX)
		return -EINVAL;
	etcd = calloc(1, sizeof(*etcd));
	if (!etcd)
		return -ENOMEM;
	etcd->options = *options;
	whole = copy_texts(&etcd->options);
	if (copy_urls(etcd, options) && whole)
		r = transfer_open(options->event, &etcd->transfers);
	if (r < 0) {
		etcd_close(etcd);
		return r;
	}
	etcd_members_init(&etcd->members, etcd->options.urls, options->nr_urls);
	*ret_etcd = etcd;
	return 0;
}

void etcd_close(struct etcd *etcd)
{
	if (!etcd)
		return;
	assert(LIST_EMPTY(&etcd->listeners) && LIST_EMPTY(&etcd->waiters));
	transfer_close(etcd->transfers);
	for (unsigned int i = 0; etcd->urls && i < etcd->options.nr_urls; i++)
		free(etcd->urls[i]);
	free(etcd->urls);
	if (etcd->token)
		OPENSSL_cleanse(etcd->token, strlen(etcd->token));
	free(etcd->token);
	free((char *)etcd->options.user);
	free((char *)etcd->options.password_file);
	free((char *)etcd->options.ca_file);
	free(etcd);
}

const char *etcd_member(const struct etcd *etcd)
{
	return etcd->members.member[etcd->members.current].url;
}
