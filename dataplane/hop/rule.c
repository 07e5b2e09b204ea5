/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Policy rules, as they look upon the XDP program's question: it comes in by the loopback and has
 * a source and a target, but neither mark, service type, protocol nor ports.
 */
#include "hop/internal.h"

#include <string.h>
#include <sys/socket.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

/* Of kernels later than the headers. */
enum {
	LATER_DSCP = 25,
	LATER_FLOWLABEL = 26,
	LATER_DSCP_MASK = 30,
};

#define INDEX(family) ((family) == AF_INET ? 0 : 1)

/* Of what a rule may ask for, and has it from several attributes. */
struct reading {
	const struct nlattr *from;
	const struct nlattr *to;
	uint32_t mark;
	uint32_t mark_mask;
	bool unknown; /* of a kind that we know nothing of */
};

static void read_selector(const struct nlattr *attr, struct reading *reading,
			  struct mirror_rule *rule)
{
	switch (mnl_attr_get_type(attr)) {
	case FRA_SRC:
		reading->from = attr;
		break;
	case FRA_DST:
		reading->to = attr;
		break;
	case FRA_IIFNAME:
		rule->never |= strcmp(mnl_attr_get_str(attr), "lo") != 0;
		break;
	case FRA_FWMARK:
		reading->mark = mnl_attr_get_u32(attr);
		break;
	case FRA_FWMASK:
		reading->mark_mask = mnl_attr_get_u32(attr);
		break;
	case FRA_L3MDEV: /* the loopback belongs to none */
		rule->never |= mnl_attr_get_u8(attr) != 0;
		break;
	case FRA_TUN_ID:
		rule->never |= mnl_attr_get_u64(attr) != 0;
		break;
	case FRA_UID_RANGE: /* a packet is root's */
		rule->never |=
			((const struct fib_rule_uid_range *)mnl_attr_get_payload(attr))->start != 0;
		break;
	case FRA_OIFNAME:
	case FRA_IP_PROTO:
	case FRA_SPORT_RANGE:
	case FRA_DPORT_RANGE:
		rule->never = true;
		break;
	case FRA_SUPPRESS_IFGROUP:
		reading->unknown = true;
		break;
	case LATER_DSCP:
		rule->never |= mnl_attr_get_u8(attr) != 0;
		break;
	case LATER_FLOWLABEL:
		rule->never |= mnl_attr_get_u32(attr) != 0;
		break;
	default: /* masks of what stands above change nothing */
		reading->unknown |= mnl_attr_get_type(attr) > LATER_DSCP_MASK;
		break;
	}
}

static void read_rule(const struct nlattr *attr, struct reading *reading, struct mirror_rule *rule)
{
	switch (mnl_attr_get_type(attr)) {
	case FRA_PRIORITY:
		rule->preference = mnl_attr_get_u32(attr);
		break;
	case FRA_TABLE:
		rule->table = mnl_attr_get_u32(attr);
		break;
	case FRA_GOTO:
		rule->target = mnl_attr_get_u32(attr);
		break;
	case FRA_SUPPRESS_PREFIXLEN:
		rule->suppress = (int32_t)mnl_attr_get_u32(attr);
		break;
	default:
		read_selector(attr, reading, rule);
		break;
	}
}

static int take(const struct nlmsghdr *header, void *data)
{
	const struct fib_rule_hdr *body = mnl_nlmsg_get_payload(header);
	struct reading reading = {.mark_mask = UINT32_MAX};
	struct mirror_rule rule = {.table = body->table,
				   .action = body->action,
				   .suppress = -1,
				   .never = body->tos != 0,
				   .inverted = (body->flags & FIB_RULE_INVERT) != 0};
	struct mirror *mirror = data;
	struct mirror_rules *rules = &mirror->rules[INDEX(body->family)];
	const struct nlattr *attr;

	if (body->family != AF_INET && body->family != AF_INET6)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, header, sizeof(*body)) read_rule(attr, &reading, &rule);
	rule.never |= (reading.mark & reading.mark_mask) != 0;
	if (reading.unknown ||
	    !mirror_prefix_read(body->family, body->src_len, reading.from, &rule.from) ||
	    !mirror_prefix_read(body->family, body->dst_len, reading.to, &rule.to))
		mirror->left |= SP_LEFT_RULE;
	if (rules->nr == MIRROR_RULES_MAX)
		mirror->left |= SP_LEFT_ROOM;
	else
		rules->rule[rules->nr++] = rule;
	return MNL_CB_OK;
}

int mirror_rule_copy(struct mirror *mirror)
{
	int r;

	mirror->rules[0].nr = mirror->rules[1].nr = 0;
	r = mirror_dump(mirror, RTM_GETRULE, AF_INET, take);
	return r < 0 ? r : mirror_dump(mirror, RTM_GETRULE, AF_INET6, take);
}

bool mirror_rule_uses(const struct mirror *mirror, uint8_t family, uint32_t table)
{
	const struct mirror_rules *rules = &mirror->rules[family == 4 ? 0 : 1];

	for (uint32_t i = 0; i < rules->nr; i++)
		if (rules->rule[i].action == FR_ACT_TO_TBL && rules->rule[i].table == table)
			return true;
	return false;
}
