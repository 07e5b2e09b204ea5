/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/bundle/redact/pseudonyms.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum kind { IPV4, IPV6, LINK, KINDS_NR };

static const char *const kind_names[] = {[IPV4] = "ipv4", [IPV6] = "ipv6", [LINK] = "link"};

/* Nobody's: this host, all hosts, groups. */
static const char *const common[] = {"0.0.0.0", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255",
				     "::/128",	"::1",	       "ff00::/8"};

struct pseudonyms {
	struct sp_prefix *known;
	size_t nr_known;
	json_t *numbers; /* by the text of what has one */
	unsigned int nr[KINDS_NR];
};

int redact_pseudonyms_open(struct pseudonyms **ret_pseudonyms)
{
	struct pseudonyms *pseudonyms = calloc(1, sizeof(*pseudonyms));
	struct sp_prefix prefix;
	int r = 0;

	if (!pseudonyms)
		return -ENOMEM;
	pseudonyms->numbers = json_object();
	if (!pseudonyms->numbers)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < sizeof(common) / sizeof(common[0]); i++) {
		r = addr_prefix_parse(common[i], &prefix);
		if (r == 0)
			r = redact_pseudonyms_know(pseudonyms, &prefix);
	}
	if (r < 0)
		redact_pseudonyms_close(pseudonyms);
	else
		*ret_pseudonyms = pseudonyms;
	return r;
}

void redact_pseudonyms_close(struct pseudonyms *pseudonyms)
{
	if (!pseudonyms)
		return;
	json_decref(pseudonyms->numbers);
	free(pseudonyms->known);
	free(pseudonyms);
}

int redact_pseudonyms_know(struct pseudonyms *pseudonyms, const struct sp_prefix *prefix)
{
	struct sp_prefix *grown =
		realloc(pseudonyms->known, (pseudonyms->nr_known + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	pseudonyms->known = grown;
	grown[pseudonyms->nr_known++] = *prefix;
	return 0;
}

static struct sp_prefix whole(const struct sp_addr *addr)
{
	return addr_prefix_make(addr, addr_family(addr) == 4 ? 32 : 128);
}

int redact_pseudonyms_know_host(struct pseudonyms *pseudonyms)
{
	struct ifaddrs *all;
	struct sp_addr addr;
	int r = 0;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (const struct ifaddrs *one = all; r == 0 && one; one = one->ifa_next) {
		struct sp_prefix prefix;

		if (!one->ifa_addr || addr_from_sockaddr(one->ifa_addr, &addr) < 0)
			continue;
		prefix = whole(&addr);
		r = redact_pseudonyms_know(pseudonyms, &prefix);
	}
	freeifaddrs(all);
	return r;
}

static bool may_be_named(const struct pseudonyms *pseudonyms, const struct sp_prefix *prefix)
{
	for (size_t i = 0; i < pseudonyms->nr_known; i++)
		if (addr_prefix_overlaps(&pseudonyms->known[i], prefix))
			return true;
	return false;
}

static const char *number(struct pseudonyms *pseudonyms, enum kind kind, const char *text,
			  char ret_text[PSEUDONYM_BYTES])
{
	json_t *number = json_object_get(pseudonyms->numbers, text);

	if (!number) {
		number = json_integer(++pseudonyms->nr[kind]);
		/* Without memory it is numbered anew each time. */
		json_object_set(pseudonyms->numbers, text, number);
		snprintf(ret_text, PSEUDONYM_BYTES, "%s-%u", kind_names[kind],
			 pseudonyms->nr[kind]);
		json_decref(number);
		return ret_text;
	}
	snprintf(ret_text, PSEUDONYM_BYTES, "%s-%" JSON_INTEGER_FORMAT, kind_names[kind],
		 json_integer_value(number));
	return ret_text;
}

const char *redact_pseudonyms_address(struct pseudonyms *pseudonyms, const struct sp_addr *addr,
				      char ret_text[PSEUDONYM_BYTES])
{
	struct sp_prefix prefix = whole(addr);
	char text[ADDR_TEXT_BYTES];

	addr_format(addr, text);
	if (!may_be_named(pseudonyms, &prefix))
		return number(pseudonyms, addr_family(addr) == 4 ? IPV4 : IPV6, text, ret_text);
	snprintf(ret_text, PSEUDONYM_BYTES, "%s", text);
	return ret_text;
}

const char *redact_pseudonyms_prefix(struct pseudonyms *pseudonyms, const struct sp_prefix *prefix,
				     char ret_text[PSEUDONYM_BYTES])
{
	char text[ADDR_PREFIX_BYTES], name[PSEUDONYM_BYTES];

	if (may_be_named(pseudonyms, prefix)) {
		snprintf(ret_text, PSEUDONYM_BYTES, "%s", addr_prefix_format(prefix, text));
		return ret_text;
	}
	redact_pseudonyms_address(pseudonyms, &prefix->addr, name);
	snprintf(ret_text, PSEUDONYM_BYTES, "%.48s/%u", name, addr_prefix_length(prefix));
	return ret_text;
}

const char *redact_pseudonyms_link(struct pseudonyms *pseudonyms, const char *link,
				   char ret_text[PSEUDONYM_BYTES])
{
	return number(pseudonyms, LINK, link, ret_text);
}
