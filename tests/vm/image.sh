#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The disk image of a Debian as a person has it: Debian's kernel, systemd, sshd, and the packages that
# building and testing need. It is made once for each list of packages, and kept.
#
#	image.sh SUITE	prints the directory with base.img, vmlinuz, initrd and the key of its root
#
# SUITE is bookworm (12) or trixie (13). VM_CACHE is where images are kept.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
suite=${1:?usage: image.sh SUITE}
cache=${VM_CACHE:-}
size=${VM_SIZE:-8G}
own=(linux-image-amd64 systemd-sysv dbus udev kmod initramfs-tools zstd libpam-systemd ccache pciutils
	psmisc file less)

wanted() {
	sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$here/../deps/debian-packages.txt"
}

# What an image is made of; the directory is named by its hash.
recipe() {
	echo "$suite $size ${own[*]}"
	wanted
	cat "$here/image.sh"
}

# An initrd with only what a disk of qemu needs: under emulation a full one takes minutes to unpack.
small_initrd() {
	mkdir -p "$1/etc/initramfs-tools/conf.d"
	printf 'virtio_pci\nvirtio_blk\next4\n' >"$1/etc/initramfs-tools/modules"
	printf 'MODULES=list\nCOMPRESS=gzip\n' >"$1/etc/initramfs-tools/conf.d/small"
}

# link NAME MAC: what a NIC is called; what is made above it has its MAC address, and a name of its own.
link() {
	printf '[Match]\nMACAddress=%s\nType=ether\n[Link]\nName=%s\n' "$2" "$1" >"$root/etc/systemd/network/10-$1.link"
}

network() {
	local pair

	link mgmt 52:54:00:00:00:01
	for pair in 0 1 2 3 4 5; do
		link public$pair 52:54:00:00:0$pair:02
		link builds$pair 52:54:00:00:0$pair:03
	done
	printf '[Match]\nName=mgmt\n[Network]\nAddress=10.0.2.15/24\nIPv6AcceptRA=no\n[Link]\nRequiredForOnline=no\n' \
		>"$root/etc/systemd/network/10-mgmt.network"
}

settle() {
	install -d -m 700 "$root/root/.ssh"
	install -m 600 "$new/key.pub" "$root/root/.ssh/authorized_keys"
	printf '/dev/vda / ext4 defaults,errors=remount-ro 0 1\n' >"$root/etc/fstab"
	printf 'LABEL=tree /root/sallyport ext4 nofail 0 2\n' >>"$root/etc/fstab"
	mkdir -p "$root/root/sallyport"
	network
	systemctl --root="$root" -q enable systemd-networkd ssh
	systemctl --root="$root" -q mask systemd-resolved apt-daily.timer apt-daily-upgrade.timer \
		e2scrub_all.timer fstrim.timer man-db.timer getty@tty1
	echo edge >"$root/etc/hostname"
	printf '127.0.0.1 localhost\n127.0.1.1 edge\n' >"$root/etc/hosts"
	rm -f "$root/usr/sbin/policy-rc.d"
}

make_image() {
	ssh-keygen -q -t ed25519 -N '' -C sallyport-vm -f "$new/key"
	mmdebstrap --quiet --mode=root --variant=minbase --dpkgopt=force-unsafe-io \
		--include="$(wanted | tr '\n' ',')$(printf '%s,' "${own[@]}")" \
		--essential-hook="$here/image.sh --small-initrd \"\$1\"" "$suite" "$root" >&2
	settle
	cp "$root"/boot/vmlinuz-* "$new/vmlinuz"
	cp "$root"/boot/initrd.img-* "$new/initrd"
	mke2fs -q -t ext4 -L root -d "$root" "$new/base.img" "$size" >&2
	rm -rf --one-file-system "$root"
}

# Images of other recipes go, unless a run has them open.
forget_others() {
	local other

	for other in "$cache/$suite"-*/; do
		[ "$other" != "$image/" ] || continue
		flock -n "$other" rm -rf --one-file-system "$other" || continue
	done
}

if [ "$suite" = --small-initrd ]; then
	small_initrd "$2"
	exit 0
fi
image=$cache/$suite-$(recipe | sha256sum | cut -c1-12)
mkdir -p "$cache"
exec {lock}>"$cache/.$suite.lock"
flock "$lock"
if [ ! -e "$image/base.img" ]; then
	new=$cache/.$suite-new root=$cache/.$suite-new/root
	rm -rf --one-file-system "$new" "$image"
	mkdir "$new"
	make_image
	mv "$new" "$image"
fi
forget_others
echo "$image"
