#!/bin/busybox sh
# First process of the guest, in the initramfs: mounts the host's root file system over 9p below an
# overlay in memory, and goes on with guest.sh there. Nothing the guest writes reaches the host,
# except in the work folder.
bb=/bin/busybox
$bb mount -t proc proc /proc
$bb mount -t devtmpfs dev /dev
for module in /modules/*; do $bb insmod "$module"; done

value() { # the value of a word NAME=VALUE on the kernel's command line
  for word in $($bb cat /proc/cmdline); do
    case $word in "$1="*) echo "${word#*=}" ;; esac
  done
}

if [ "$(value lab.probe)" = 1 ]; then
  for port in /dev/vport*p3; do echo alive > "$port"; done
  echo o > /proc/sysrq-trigger
  $bb sleep 10
fi

work=$(value lab.work)
guest=$(value lab.guest)
run=$(value lab.run)
options=trans=virtio,version=9p2000.L,msize=512000
$bb mount -t 9p -o $options,ro,cache=loose host /host
$bb mount -t tmpfs -o size=75% rw /rw
$bb mkdir /rw/upper /rw/work
$bb mount -t overlay -o lowerdir=/host,upperdir=/rw/upper,workdir=/rw/work root /root
$bb mount -t 9p -o $options work "/root$work"
$bb mount --move /proc /root/proc
$bb mount --move /dev /root/dev
exec $bb chroot /root /bin/bash "$guest" "$run"
