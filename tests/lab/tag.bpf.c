/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * A VLAN on an interface of a kernel that has none: at egress a tag is put on, at ingress it is
 * taken off, and what has another or none does not come in. Built with -DVLAN=N.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("tc/egress")
int tag_on(struct __sk_buff *skb)
{
	return bpf_skb_vlan_push(skb, bpf_htons(0x8100), VLAN) ? TC_ACT_SHOT : TC_ACT_OK;
}

SEC("tc/ingress")
int tag_off(struct __sk_buff *skb)
{
	if (!skb->vlan_present || (skb->vlan_tci & 0x0fff) != VLAN)
		return TC_ACT_SHOT;
	return bpf_skb_vlan_pop(skb) ? TC_ACT_SHOT : TC_ACT_OK;
}

char tag_license[] SEC("license") = "Dual BSD/GPL";
