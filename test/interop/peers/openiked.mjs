// OpenBSD's iked in its portable form as the other end of a cell: one daemon for all cells, whose
// configuration is loaded anew for each.
import { chmodSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '../../lab/net/machine.mjs';
import { besidePeer, inPeerTree, peerFolder, writePeerFiles } from '../../tools/peers.mjs';
import { addresses, behindNat } from '../net.mjs';
import { preSharedKey } from '../words.mjs';

const ciphers = {
  'AES-GCM-128': 'enc aes-128-gcm',
  'AES-GCM-256': 'enc aes-256-gcm',
  'AES-CBC-128 with SHA2-256': 'enc aes-128 auth hmac-sha2-256',
  'AES-CBC-256 with SHA2-256': 'enc aes-256 auth hmac-sha2-256',
  'AES-CBC-128 with SHA2-384': 'enc aes-128 auth hmac-sha2-384',
  'AES-CBC-256 with SHA2-512': 'enc aes-256 auth hmac-sha2-512',
};
const prfs = {
  'SHA2-256': 'hmac-sha2-256',
  'SHA2-384': 'hmac-sha2-384',
  'SHA2-512': 'hmac-sha2-512',
};
const groups = {
  'MODP-2048 (14)': 'modp2048',
  'MODP-3072 (15)': 'modp3072',
  'MODP-4096 (16)': 'modp4096',
  'P-256 (19)': 'ecp256',
  'P-384 (20)': 'ecp384',
  'X25519 (31)': 'curve25519',
};

/** It drops its rights to a user of its own and changes into that user's folder. */
const user = '_iked:x:977:977::/usr/lib:/usr/sbin/nologin\n';
const socket = '/run/iked.sock';

export class OpenIked {
  constructor(tree) {
    this.tree = tree;
    this.name = `openiked ${tree.version.replace(/-.*/, '')}`;
  }

  /** `undefined`, or what of the cell is not known to it, or can not be asked of it. */
  unknown({ auth, cipher, isOpportunistic, identity, steps, peerFragments }) {
    if (isOpportunistic) return 'an opportunistic group';
    if (cipher !== 'default' && !ciphers[cipher]) return `${cipher} in IKE`;
    if (identity === 'key ID') return 'ID_KEY_ID';
    if (identity !== 'address') return 'another identity beside its one key';
    if (peerFragments === false) return 'fragmentation off for one connection';
    const onCommand = /(rekey.*|liveness|delete Child SA) by the peer/;
    const step = steps.find((each) => onCommand.test(each));
    if (step) return `to ${step.replace(' by the peer', '')} on command`;
    if (auth[0] === 'PSK' && auth[1] === 'PSK') return undefined;
    return auth.find((each) => each !== 'RSA');
  }

  async start(machine, namespace, keys) {
    this.machine = machine;
    const ours = [addresses[4].us, behindNat.us.address, addresses[6].us];
    const pubkeys = ours.map(
      (each) => `etc/iked/pubkeys/${each.includes(':') ? 'ipv6' : 'ipv4'}/${each}`,
    );
    this.own = peerFolder(this.tree, {
      'etc/passwd': readFileSync('/etc/passwd', 'utf8') + user,
      'etc/group': `${readFileSync('/etc/group', 'utf8')}_iked:x:977:\n`,
      'etc/iked.conf': '',
      'etc/iked/private/local.key': keys.RSA.peer.private,
      'etc/iked/local.pub': keys.RSA.peer.public,
      ...Object.fromEntries(pubkeys.map((file) => [file, keys.RSA.us.public])),
    });
    // read by the part of it that has no rights
    for (const file of pubkeys) chmodSync(path.join(this.own.folder, file), 0o644);
    const argv = ['iked', '-d', '-v', '-s', socket, '-f', '/etc/iked.conf'];
    this.program = machine.start(namespace, this.tree.name, inPeerTree(this.own, argv));
    let result;
    const isReady = async () => {
      result = await this.#ikectl('show', 'sa');
      return result.status === 0;
    };
    if (await eventually(isReady, 20_000)) return;
    throw new Error(`ikectl: ${result.stderr}; iked:\n${this.program.log()}`);
  }

  #ikectl(...words) {
    const argv = ['ikectl', '-s', socket, ...words];
    return this.machine.exec(undefined, besidePeer(this.own, this.program.pid, argv), {
      timeoutMs: 10_000,
    });
  }

  async #load(cell, manner) {
    writePeerFiles(this.own, { 'run/cell.conf': configuration(cell, manner) });
    await this.#ikectl('load', '/run/cell.conf');
  }

  load(cell) {
    return this.#load(cell, 'passive');
  }

  initiate(cell) {
    return this.#load(cell, 'active');
  }

  /** Does `what` of rows.mjs. */
  async act(what) {
    if (what !== 'delete IKE SA') throw new Error(`openiked does not ${what} on command`);
    await this.#ikectl('decouple');
    await this.#ikectl('reset', 'sa');
  }

  /** `{ ike, child }`: names of its established SAs. */
  async established() {
    const { stdout } = await this.#ikectl('show', 'sa');
    return {
      ike: [...stdout.matchAll(/^iked_sas: (\S+) .*ESTABLISHED/gm)].map(([, id]) => id),
      child: [...stdout.matchAll(/^sa_childsas: \S+ ESP (0x\w+) in/gm)].map(([, id]) => id),
    };
  }

  async forget() {
    await this.#ikectl('reset', 'all');
  }

  log() {
    return this.program.log();
  }

  stop() {
    return this.program.stop();
  }
}

function configuration(cell, manner) {
  const { us, peer, auth, mode, cipher, prf, group, peerGroups, esn } = cell;
  const words = (peerGroups ?? [group]).map((each) => `group ${groups[each]}`).join(' ');
  const transforms =
    cipher === 'default'
      ? ''
      : `ikesa ${ciphers[cipher]} prf ${prfs[prf]} ${words} ` +
        `childsa ${ciphers[cipher]} group ${groups[group]} ${esn ? 'esn' : 'noesn'}`;
  const secret = auth[1] === 'PSK' ? `psk "${preSharedKey}"` : '';
  return `ikev2 "cell" ${manner} ${mode} esp from ${peer.inner} to ${us.inner} local ${peer.address} peer ${us.seen} ${transforms} srcid "${peer.identity.text}" dstid "${us.identity.text}" ${secret}\n`;
}
