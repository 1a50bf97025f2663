#!/bin/sh
# iso.sh IMAGE ISO - put a multiboot image on a CD that boots it with GRUB.
#
# Needs grub-mkrescue with the i386-pc platform, xorriso and mtools.
set -eu
image=${1:?"usage: $0 IMAGE ISO"}
iso=${2:?"usage: $0 IMAGE ISO"}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/boot/grub"
cp "$image" "$tree/boot/image"
cat > "$tree/boot/grub/grub.cfg" <<'CONFIG'
set timeout=0
menuentry "image" {
    multiboot /boot/image
    boot
}
CONFIG
grub-mkrescue -d /usr/lib/grub/i386-pc --compress=xz -o "$iso" "$tree" >/dev/null 2>&1
