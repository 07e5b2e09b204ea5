#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Builds a clean clone of this tree, and its packages, with the libraries of an image, as /root/sallyport there, into a disk that the image
# mounts at that place. Nothing of the image is changed.
#
#	tree.sh IMAGE DISK	IMAGE is a directory that image.sh made
#
# VM_CACHE keeps what the compiler made, for the next time.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
top=$(cd "$here/../.." && pwd)

# In namespaces of our own: what is mounted goes with us.
if [ "${3:-}" != inside ]; then
	exec unshare --mount --pid --fork --kill-child --propagation private "$0" "$1" "$2" inside
fi
image=$1 disk=$2
work=$disk.work
mkdir "$work"
leave() {
	umount -R "$work/root" 2>/dev/null || :
	umount "$work/lower" 2>/dev/null || :
	rm -rf --one-file-system "$work"
}
trap leave EXIT
ccache=${VM_CACHE:?}/ccache-$(basename "$image" | cut -d- -f1)
mkdir -p "$ccache" "$work"/{lower,upper,fs,root,tree}

# What is committed here.
git clone -q --no-local "$top" "$work/tree"

mount -o loop,ro "$image/base.img" "$work/lower"
mkdir "$work/upper/"{files,scratch}
mount -t overlay overlay -o "lowerdir=$work/lower,upperdir=$work/upper/files,workdir=$work/upper/scratch" \
	"$work/root"
mkdir -p "$work/root/var/cache/ccache"
mount --bind "$work/tree" "$work/root/root/sallyport"
mount --bind "$ccache" "$work/root/var/cache/ccache"
mount --bind /dev "$work/root/dev"
mount -t proc proc "$work/root/proc"

# shellcheck disable=SC2086 # words
nice -n 19 chroot "$work/root" env -i PATH=/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
	CCACHE_DIR=/var/cache/ccache CCACHE_MAXSIZE=400M \
	make -C /root/sallyport ${VM_MAKE:-all deb} >"$disk.log" 2>&1 || {
	tail -n 40 "$disk.log" >&2
	exit 1
}
umount "$work/root/root/sallyport"
mke2fs -q -t ext4 -L tree -d "$work/tree" "$disk" 3G
