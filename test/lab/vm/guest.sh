#!/bin/bash
# Second part of the guest's start, on the host's root file system: `guest.sh RUN_FOLDER`.
# Loads the modules that the lab needs, runs RUN_FOLDER/command.sh with its output on the first two
# virtio ports, reports the exit status on the third and turns the power off.
run=$1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
# shellcheck source=test/lab/vm/machine.sh
. "${0%/*}/machine.sh"

# without modules of its own kind the kernel loads nothing in a namespace on demand
modprobe -a -q esp4 esp6 xfrm_user xfrm_algo af_key veth bridge dummy sch_netem sch_fq_codel ifb \
  nf_tables nft_ct nft_nat nft_masq nft_chain_nat nft_queue nft_log nft_limit nft_reject_inet \
  nft_fib_inet nft_xfrm nft_socket nft_redir nfnetlink_queue nfnetlink_log nf_log_syslog \
  nft_objref nf_conntrack nf_conntrack_netlink authenc authencesn echainiv seqiv gcm ccm cbc ctr \
  hmac sha256_generic sha512_generic sha1_generic chacha20poly1305 chacha_generic chacha_x86_64 \
  poly1305_generic poly1305_x86_64 drbg ansi_cprng jitterentropy_rng sha3_generic aesni_intel \
  ghash_clmulni_intel xfrm_interface tun nf_flow_table nf_flow_table_inet nft_flow_offload
# it would still run modprobe for each use of a cipher, which takes seconds under emulation
echo > /proc/sys/kernel/modprobe

port() { # the device of the virtio port with that name
  local found
  found=$(grep -lx "$1" /sys/class/virtio-ports/*/name)
  echo "/dev/$(basename "$(dirname "$found")")"
}
mkfifo /run/lab-out /run/lab-err
cat /run/lab-out > "$(port output)" &
out=$!
cat /run/lab-err > "$(port errors)" &
err=$!
bash "$run/command.sh" > /run/lab-out 2> /run/lab-err < /dev/null &
command=$!
exec 3<> "$(port control)"
echo ready >&3
( while read -r word <&3; do [ "$word" = interrupt ] && kill -TERM $command; done ) &
# `wait` also returns for other reasons than the command's end
while kill -0 $command 2> /dev/null; do wait $command; status=$?; done
# what the command left running may hold the pipes open: do not wait for that
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 $out $err 2> /dev/null && sleep 0.1; done
echo "exit $status" >&3
sync
echo o > /proc/sysrq-trigger
sleep 60
