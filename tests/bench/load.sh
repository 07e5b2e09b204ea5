# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# What benchmarks that use load.c do alike.

# What `load flood` sends ends as it comes to VM 0, before that one's stack would answer.
flood_ends_at_vm() {
	lab_in vm0 nft -f - <<-EOT
		table netdev flood {
			chain in {
				type filter hook ingress device eth0 priority 0
				tcp sport 20000-20063 drop
			}
		}
	EOT
}
