/**
 * What others change in the kernel: rulesets and addresses of devices. The sockets are for that alone.
 * Each change to a set of ours is told as well, and a flood of them must not take the room in which
 * held packets wait; here a message that gets lost costs no more than one look too many.
 *
 * Documents: rtnetlink(7), linux/rtnetlink.h, linux/netfilter/nfnetlink.h.
 */
import type { NetlinkSocket, Network } from '../net/network.js';
import type { Timer, Timers } from '../platform/platform.js';
import { NETLINK_NETFILTER, QueueCodec, type RulesetChange } from './nfqueue-codec.js';
import { NETLINK_ROUTE } from './route-codec.js';

/** Group NFNLGRP_NFTABLES (7) as a bit. */
const rulesetGroup = 1 << 6;
/** RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR. */
const addressGroups = 0x10 | 0x100;
/** Addresses come and go in bunches: one look behind the last of them. */
const addressDelayMs = 200;

export interface ChangeEvents {
  /** `undefined`: messages got lost, and anything may have changed. */
  rulesetChanged(change: RulesetChange | undefined): void;
  /** Addresses of some device changed. */
  addressesChanged(): void;
}

export interface ChangesParts {
  network: Pick<Network, 'netlink'>;
  timers: Timers;
  isBigEndian: boolean;
}

export class Changes {
  readonly #parts: ChangesParts;
  readonly #events: ChangeEvents;
  readonly #codec: QueueCodec;
  #sockets: NetlinkSocket[] = [];
  #timer: Timer | undefined;

  constructor(parts: ChangesParts, events: ChangeEvents) {
    this.#parts = parts;
    this.#events = events;
    this.#codec = new QueueCodec(parts.isBigEndian);
  }

  /** Rejects when the kernel refuses. */
  async open(): Promise<void> {
    const { network } = this.#parts;
    const addresses = () => this.#addressesChanged();
    this.#sockets = [
      await network.netlink(
        NETLINK_NETFILTER,
        rulesetGroup,
        (datagram) => this.#readRulesets(datagram),
        () => this.#events.rulesetChanged(undefined),
      ),
    ];
    this.#sockets.push(await network.netlink(NETLINK_ROUTE, addressGroups, addresses, addresses));
  }

  close(): void {
    this.#timer?.cancel();
    for (const socket of this.#sockets) socket.close();
    this.#sockets = [];
  }

  #readRulesets(datagram: Uint8Array): void {
    for (const message of this.#codec.read(datagram))
      if (message.kind === 'ruleset') this.#events.rulesetChanged(message);
  }

  #addressesChanged(): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.timers.after(addressDelayMs, () => this.#events.addressesChanged());
  }
}
