/* SPDX-License-Identifier: BSD-3-Clause */
/* The look-ups of the table: each says what it finds wrong, if anything. */
#pragma once

struct config_public;
struct fact_look;

void facts_interfaces_missing(struct fact_look *look);
void facts_interfaces_down(struct fact_look *look);
void facts_interfaces_announce(struct fact_look *look);
void facts_interfaces_addresses(struct fact_look *look);
void facts_interfaces_swapped(struct fact_look *look);
void facts_interfaces_link_local(struct fact_look *look);

void facts_device_unfit(struct fact_look *look);

void facts_mtu_driver(struct fact_look *look);
void facts_mtu_carried(struct fact_look *look);
void facts_mtu_refused(struct fact_look *look);

void facts_nic_foreign(struct fact_look *look);
void facts_nic_queues(struct fact_look *look);
void facts_nic_spare_queues(struct fact_look *look);
void facts_nic_generic(struct fact_look *look);
void facts_nic_mixed(struct fact_look *look);

void facts_offloads_gro_hw(struct fact_look *look);
void facts_offloads_merging(struct fact_look *look);
void facts_offloads_tags(struct fact_look *look);
void facts_offloads_tags_fixed(struct fact_look *look);
void facts_offloads_partial(struct fact_look *look);

void facts_routing_loopback(struct fact_look *look);
void facts_routing_forwarding(struct fact_look *look);
void facts_routing_rp_filter(struct fact_look *look);
void facts_routing_neighbours(struct fact_look *look);
void facts_routes_networks(struct fact_look *look);

/* Of what facts_interfaces_addresses() looks at: an item that is a prefix. */
void facts_routes_prefix(struct fact_look *look, const struct config_public *address);

void facts_host_kernel(struct fact_look *look);
void facts_host_bpffs(struct fact_look *look);
void facts_host_users(struct fact_look *look);
void facts_host_hugepages(struct fact_look *look);
void facts_host_workers(struct fact_look *look);
void facts_host_disk(struct fact_look *look);
void facts_host_clock(struct fact_look *look);
void facts_host_hold(struct fact_look *look);
void facts_host_cloud(struct fact_look *look);

void facts_doors_journal(struct fact_look *look);
void facts_doors_shut(struct fact_look *look);
void facts_doors_roles(struct fact_look *look);

void facts_ports_listeners(struct fact_look *look);
void facts_ports_ephemeral(struct fact_look *look);

void facts_vlan_absent(struct fact_look *look);
void facts_nic_bond(struct fact_look *look);
void facts_nic_bond_untold(struct fact_look *look);
void facts_vlan_unmet(struct fact_look *look);
void facts_vlan_mixed(struct fact_look *look);

void facts_firewall_closed(struct fact_look *look);
void facts_firewall_untold(struct fact_look *look);
void facts_firewall_invalid(struct fact_look *look);
