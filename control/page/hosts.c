/* SPDX-License-Identifier: BSD-3-Clause */
#include "page/hosts.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static bool is_address(int family, const char *text)
{
	unsigned char addr[sizeof(struct in6_addr)];

	return inet_pton(family, text, addr) == 1;
}

bool page_hosts_allow(const char *host, const char (*names)[CONFIG_HOST_SIZE], unsigned int nr)
{
	char name[CONFIG_HOST_SIZE];
	bool literal = host && *host == '[';
	size_t len;

	if (!host)
		return false;
	host += literal;
	len = strcspn(host, literal ? "]" : ":");
	if (len >= sizeof(name))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	if (literal)
		return is_address(AF_INET6, name);
	if (is_address(AF_INET, name) || strcasecmp(name, "localhost") == 0)
		return true;
	for (unsigned int i = 0; i < nr; i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}
