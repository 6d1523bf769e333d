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
# shellcheck source=test/lab/vm/machine.sh
. "${0%/*}/machine.sh"
mount -t tmpfs modules /usr/lib/modules
ln -s /usr/lib/uml/modules/* /usr/lib/modules/
modprobe overlay
mkdir /run/upper /run/work
mount -t overlay -o lowerdir=/tmp,upperdir=/run/upper,workdir=/run/work tmp /tmp
mount -t hostfs -o "$work" work "$work"
modprobe -a -q esp4 esp6 xfrm_user xfrm_algo af_key veth sch_netem authenc echainiv seqiv gcm ccm cbc ctr \
  hmac sha512_generic chacha20poly1305 ip_tables iptable_nat xt_MASQUERADE nf_conntrack
for tty in /dev/tty1 /dev/tty2; do stty -F $tty raw -echo; done
bash "$run/command.sh" > /dev/tty1 2> /dev/tty2 < /dev/null
echo $? > "$run/status"
sync
echo o > /proc/sysrq-trigger
sleep 60
