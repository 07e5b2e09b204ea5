/* SPDX-License-Identifier: BSD-3-Clause */
/* Are there public ports left? Of each pool and family by itself: neither helps out another. */
#include <stdbool.h>
#include <string.h>

#include "cli/doctor/checks.h"
#include "cli/doctor/finding.h"
#include "cli/talk/talk.h"
#include "host/config.h"

static const char *family_of(const json_t *address)
{
	return strchr(talk_text(address, "address"), ':') ? "IPv6" : "IPv4";
}

static bool is_one_pool(const json_t *a, const json_t *b)
{
	return strcmp(talk_text(a, "pool"), talk_text(b, "pool")) == 0 &&
	       strcmp(family_of(a), family_of(b)) == 0;
}

static bool is_first(const json_t *addresses, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (is_one_pool(json_array_get(addresses, i), json_array_get(addresses, index)))
			return false;
	return true;
}

static json_int_t sum_of(const json_t *addresses, const json_t *one, const char *name)
{
	const json_t *address;
	json_int_t sum = 0;
	size_t i;

	json_array_foreach (addresses, i, address)
		if (is_one_pool(address, one))
			sum += talk_number(address, name);
	return sum;
}

static void check_pool(struct doctor *doctor, const json_t *addresses, const json_t *one)
{
	json_int_t total = sum_of(addresses, one, "total"), left = sum_of(addresses, one, "free");
	const char *pool = talk_text(one, "pool"), *family = family_of(one);
	bool low = (total - left) * 100 >= total * doctor->config->public.low_water;

	if (left == 0)
		doctor_finding_say(
			doctor, "pool", DOCTOR_FAILURE,
			"No public port of pool %s is free (%s): new builds that need one are "
			"refused. Give public.addresses more ports.",
			pool, family);
	else
		doctor_finding_say(doctor, "pool", low ? DOCTOR_WARNING : DOCTOR_OK,
				   "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
				   " public ports of pool %s are free (%s).",
				   left, total, pool, family);
}

void doctor_pools_check(struct doctor *doctor)
{
	const json_t *addresses = json_object_get(doctor->pools, "pools"), *address;
	size_t i;

	json_array_foreach (addresses, i, address)
		if (is_first(addresses, i))
			check_pool(doctor, addresses, address);
}
