/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/body/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/addr.h"
#include "model/build.h"
#include "model/wall_time.h"

#define LOWER	"abcdefghijklmnopqrstuvwxyz"
#define UPPER	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	"0123456789"
#define BASE_64 LOWER UPPER DIGITS "+/="

int body_parse_address(const char *text, void *ret_member, const char **ret_why)
{
	struct api_address *address = ret_member;

	*ret_why = "an IPv4 or IPv6 address";
	if (addr_parse(text, &address->addr) < 0)
		return -EINVAL;
	address->given = true;
	return 0;
}

int body_parse_prefix(const char *text, void *ret_member, const char **ret_why)
{
	static char why[64 + ADDR_PREFIX_BYTES]; /* of the one thread that decodes */
	char meant[ADDR_PREFIX_BYTES];
	int r = addr_prefix_parse(text, ret_member);

	*ret_why = "a prefix such as 203.0.113.0/24 or 2001:db8::/32";
	if (r == -EDOM) {
		snprintf(why, sizeof(why),
			 "a prefix without bits set behind its length, such as %s",
			 addr_prefix_format(ret_member, meant));
		*ret_why = why;
	}
	return r < 0 ? -EINVAL : 0;
}

int body_parse_time(const char *text, void *ret_member, const char **ret_why)
{
	*ret_why = "a time such as 2026-11-23T12:00:00Z";
	return model_wall_time_parse(text, ret_member);
}

int body_parse_protocol(const char *text, void *ret_member, const char **ret_why)
{
	*ret_why = "tcp or udp";
	if (strcmp(text, "tcp") == 0)
		*(uint8_t *)ret_member = SP_PROTOCOL_TCP;
	else if (strcmp(text, "udp") == 0)
		*(uint8_t *)ret_member = SP_PROTOCOL_UDP;
	else
		return -EINVAL;
	return 0;
}

static int pass_on(const char *text, void *ret_member)
{
	memcpy(ret_member, &text, sizeof(text));
	return 0;
}

int body_parse_id(const char *text, void *ret_member, const char **ret_why)
{
	*ret_why = "an id: 1 to 128 of A-Z a-z 0-9 . _ -, beginning with a letter, a digit or _";
	return model_build_id_valid(text) ? pass_on(text, ret_member) : -EINVAL;
}

/* It goes into commands that people paste into a shell. */
int body_parse_user(const char *text, void *ret_member, const char **ret_why)
{
	*ret_why = "a user name of A-Z a-z 0-9 . _ + @ -, not beginning with -";
	if (!text[0] || text[0] == '-' || text[strspn(text, LOWER UPPER DIGITS "._+@-")])
		return -EINVAL;
	return pass_on(text, ret_member);
}

int body_parse_hook(const char *text, void *ret_member, const char **ret_why)
{
	*ret_why = "the name of a hook, of A-Z a-z 0-9 . _ % -";
	if (!text[0] || text[strspn(text, LOWER UPPER DIGITS "._%-")])
		return -EINVAL;
	return pass_on(text, ret_member);
}

/* It becomes a line of a known_hosts file: no marker, no further host. */
int body_parse_host_key(const char *text, void *ret_member, const char **ret_why)
{
	size_t type = strspn(text, LOWER UPPER DIGITS "@.-"), key;

	*ret_why = "a public host key such as \"ssh-ed25519 AAAA...\"";
	if (!type || text[0] == '@' || text[type] != ' ')
		return -EINVAL;
	key = strspn(text + type + 1, BASE_64);
	if (!key || (text[type + 1 + key] != '\0' && text[type + 1 + key] != ' '))
		return -EINVAL;
	return pass_on(text, ret_member);
}

int body_parse_forward_name(const char *text, void *ret_member, const char **ret_why)
{
	*ret_why = "a name of a-z 0-9 _ -, other than ssh";
	if (!text[0] || text[strspn(text, LOWER DIGITS "_-")] || strcmp(text, "ssh") == 0)
		return -EINVAL;
	return pass_on(text, ret_member);
}
