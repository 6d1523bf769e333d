#!/bin/bash
# First process of a user-mode kernel, on the host's root file system: brings what guest.sh finds, runs
# RUN_FOLDER/command.sh with its output on the second and third console, leaves the exit status in
# RUN_FOLDER/status and turns the power off.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
mount -t proc proc /proc
value() { # the value of a word NAME=VALUE on the kernel's command line
  tr ' ' '\n' < /proc/cmdline | sed -n "s/^$1=//p"
}
work=$(value lab.work)
run=$(value lab.run)
mount -t sysfs sys /sys
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs modules /usr/lib/modules
ln -s /usr/lib/uml/modules/* /usr/lib/modules/
modprobe overlay
mkdir /run/upper /run/work
mount -t overlay -o lowerdir=/tmp,upperdir=/run/upper,workdir=/run/work tmp /tmp
mkdir -p /dev/pts /dev/shm /run/lock /run/netns
mount -t devpts -o ptmxmode=666 pts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t hostfs -o "$work" work "$work"
ln -sfn /proc/self/fd /dev/fd
ln -sfn /proc/self/fd/0 /dev/stdin
ln -sfn /proc/self/fd/1 /dev/stdout
ln -sfn /proc/self/fd/2 /dev/stderr
hostname lab
ulimit -n 4096
ip link set lo up
modprobe -a -q esp4 esp6 xfrm_user xfrm_algo af_key veth sch_netem authenc echainiv seqiv gcm ccm cbc ctr \
  hmac sha512_generic chacha20poly1305 ip_tables iptable_nat xt_MASQUERADE nf_conntrack
for tty in /dev/tty1 /dev/tty2; do stty -F $tty raw -echo; done
bash "$run/command.sh" > /dev/tty1 2> /dev/tty2 < /dev/null
echo $? > "$run/status"
sync
echo o > /proc/sysrq-trigger
sleep 60
