// OpenBSD's iked in its portable form as the other end of a cell. It has one key for all connections and
// no command to call, so that each cell has a daemon of its own. Its kernel interface is PF_KEY, which
// on Linux has no AEAD, and HMAC-SHA2-256 only in a form that nobody else has.
import { chmodSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { besidePeer, inPeerTree, peerFolder, removePeerFolder } from '../../tools/peers.mjs';
import { gatewayOfPeer as gateway } from '../net.mjs';
import { preSharedKey } from '../words.mjs';

/** What it can have in IKE, and what of that the kernel lets it have in ESP. */
const ciphers = {
  'AES-GCM-128': { ike: 'enc aes-128-gcm' },
  'AES-GCM-256': { ike: 'enc aes-256-gcm' },
  'AES-CBC-128 with SHA2-256': { ike: 'enc aes-128 auth hmac-sha2-256' },
  'AES-CBC-256 with SHA2-256': { ike: 'enc aes-256 auth hmac-sha2-256' },
  ...Object.fromEntries(
    ['SHA2-384', 'SHA2-512', 'SHA1'].flatMap((hash) =>
      [128, 256].map((bits) => {
        const words = `enc aes-${bits} auth hmac-${hash.toLowerCase()}`;
        return [`AES-CBC-${bits} with ${hash}`, { ike: words, esp: words }];
      }),
    ),
  ),
};
const prfs = {
  SHA1: 'hmac-sha1',
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
/** Of old methods; without a word it takes all signatures that the key can have made. */
const oldMethods = { RSA: 'rsa', ECDSA: 'ecdsa256', 'ECDSA P-384': 'ecdsa384' };
const keyMethods = ['RSA', 'ECDSA', 'ECDSA P-384'];
const certificateMethods = [
  ...keyMethods.map((each) => `${each} certificate`),
  'RSA certificate below two authorities',
];

/** It drops its rights to a user of its own and changes into that user's folder. */
const user = '_iked:x:977:977::/usr/lib:/usr/sbin/nologin\n';
const socket = '/run/iked.sock';
/** Seconds after which it rekeys by itself. */
const lifetime = 15;

export class OpenIked {
  espCipher = 'AES-CBC-256 with SHA2-512';
  patienceMs = 60_000;
  #said = '';

  constructor(tree) {
    this.tree = tree;
    this.name = `openiked ${tree.version.replace(/-.*/, '')}`;
  }

  /** `undefined`, or what of the cell is not known to it, or can not be asked of it. */
  unknown({
    auth,
    cipher,
    espCipher,
    isOpportunistic,
    identity,
    esn,
    steps,
    cookieBy,
    isChildless,
    family,
    innerFamily,
  }) {
    if (cookieBy === 'the peer') return 'to ask for a cookie on command';
    if (isChildless) return 'an IKE SA without Child SA';
    if (isOpportunistic) return 'an opportunistic group';
    if (cipher !== 'default') {
      if (!ciphers[cipher]) return `${cipher} in IKE`;
      if (!ciphers[espCipher]?.esp) return `${espCipher} in ESP of Linux (PF_KEY)`;
    }
    // the SA that the kernel makes of it is for packets of the family outside
    if (innerFamily !== family) return 'one family inside of the other in ESP of Linux (PF_KEY)';
    if (esn) return 'an extended sequence number in ESP of Linux (PF_KEY)';
    if (identity === 'key ID') return 'ID_KEY_ID';
    const step = steps.find((each) => /(liveness|delete Child SA) by the peer|at once/.test(each));
    if (step) return `${step.replace(/ by .*/, '')} on command`;
    const known = [...keyMethods, ...certificateMethods, 'PSK'];
    const other = auth.find((each) => !known.includes(each));
    if (other) return other;
    if (auth.includes('PSK') && auth[0] !== auth[1]) return 'a pre-shared key in one direction';
    return undefined;
  }

  async start(machine, namespace, keys) {
    this.machine = machine;
    this.namespace = namespace;
    this.keys = keys;
  }

  /** Every cell begins with a daemon that knows nothing of the one before. */
  async #begin(cell, manner) {
    await this.stop();
    if (cell.nat && manner === 'active') await this.#sendFrom(cell.peer.address);
    const content = files(cell, manner, this.keys);
    this.own = peerFolder(this.tree, content);
    makeReadable(this.own.folder, Object.keys(content));
    const argv = ['iked', '-d', '-v', '-v', '-s', socket, '-f', '/etc/iked.conf'];
    const words = inPeerTree(this.own, argv);
    this.program = this.machine.start(this.namespace, this.tree.name, words);
    // what comes last of its configuration: it would end SAs that are older than that
    await this.program.says(/config_getstatic: .*stickyaddress/, 60_000);
  }

  /** It calls from what the route says, whatever its configuration names. */
  #sendFrom(address) {
    const source = address ? ['src', address] : [];
    const route = ['route', 'replace', 'default', 'via', gateway, ...source];
    return this.machine.run(undefined, ['ip', '-n', this.namespace, ...route]);
  }

  #ikectl(...words) {
    const argv = ['ikectl', '-s', socket, ...words];
    return this.machine.exec(undefined, besidePeer(this.own, this.program.pid, argv), {
      timeoutMs: 10_000,
    });
  }

  /** A daemon that is to call does so at its start. */
  load(cell) {
    return cell.role === 'initiator' ? this.#begin(cell, 'passive') : this.stop();
  }

  initiate(cell) {
    return this.#begin(cell, 'active');
  }

  /** Does `what` of rows.mjs. */
  async act(what) {
    // its time comes
    if (what.startsWith('rekey')) return;
    if (what !== 'delete IKE SA') throw new Error(`openiked does not ${what} on command`);
    await this.#ikectl('reset', 'sa');
  }

  /** `{ ike, child }`: names of its established SAs. */
  async established() {
    if (!this.program) return { ike: [], child: [] };
    const { stdout } = await this.#ikectl('show', 'sa');
    return {
      ike: [...stdout.matchAll(/^iked_sas: (\S+) .*ESTABLISHED/gm)].map(([, id]) => id),
      child: [...stdout.matchAll(/^ *sa_childsas: \S+ ESP (0x\w+) in/gm)].map(([, id]) => id),
    };
  }

  forget() {
    return this.stop();
  }

  /** Of all its daemons. */
  log() {
    return this.#said + (this.program?.log() ?? '');
  }

  async stop() {
    if (!this.program) return;
    await this.program.stop();
    this.#said += this.program.log();
    this.program = undefined;
    await this.#sendFrom(undefined);
    removePeerFolder(this.own);
  }
}

/** A part of it without rights reads what is not secret. */
function makeReadable(folder, names) {
  const open = /^etc\/iked\/(pubkeys|ca|certs)\//;
  for (const name of names.filter((each) => open.test(each)))
    chmodSync(path.join(folder, name), 0o644);
}

/** All that the daemon of a cell finds, by the paths that it has in its manual. */
function files(cell, manner, keys) {
  const { us, peer, auth } = cell;
  const own = peer.key ?? keys.RSA.peer;
  const found = {
    'etc/passwd': readFileSync('/etc/passwd', 'utf8') + user,
    'etc/group': `${readFileSync('/etc/group', 'utf8')}_iked:x:977:\n`,
    'etc/iked.conf': configuration(cell, manner),
    'etc/iked/private/local.key': own.private,
    'etc/iked/local.pub': keys.RSA.peer.public,
  };
  if (auth[1].includes('certificate')) found['etc/iked/certs/own.crt'] = own.chain[0];
  const { authorities, between } = keys[auth[0]] ?? {};
  if (authorities) {
    const all = [...authorities, ...between];
    all.forEach((each, i) => {
      found[`etc/iked/ca/${i}.crt`] = each;
    });
  } else if (us.key) {
    found[`etc/iked/pubkeys/${pubkeyName(us.identity)}`] = us.key.public;
  }
  return found;
}

const pubkeyFolders = { name: 'fqdn', mail: 'ufqdn' };

function pubkeyName({ kind, text }) {
  const ofAddress = text.includes(':') ? 'ipv6' : 'ipv4';
  return `${pubkeyFolders[kind] ?? ofAddress}/${text}`;
}

/** A subject is told by its slash. */
const identity = ({ kind, text }) => (kind === 'subject' ? `/${text}` : text);

function configuration(cell, manner) {
  const { us, peer, auth, mode, cipher, espCipher, prf, group, peerGroups, pfs, steps } = cell;
  const named = (names) => names.map((each) => `group ${groups[each]}`).join(' ');
  const transforms =
    cipher === 'default'
      ? []
      : [
          `ikesa ${ciphers[cipher].ike} prf ${prfs[prf]} ${named(peerGroups ?? [group])}`,
          `childsa ${ciphers[espCipher].esp} ${pfs ? named([group]) : ''} noesn`,
        ];
  const words = [
    `ikev2 "cell" ${manner} ${mode} esp from ${peer.inner} to ${us.inner}`,
    `local ${peer.address} peer ${us.seen}`,
    ...transforms,
    `srcid "${identity(peer.identity)}" dstid "${identity(us.identity)}"`,
    steps.includes('rekey IKE SA by the peer') ? `ikelifetime ${lifetime}` : '',
    `lifetime ${steps.includes('rekey Child SA by the peer') ? lifetime : 0}`,
    auth[1] === 'PSK' ? `psk "${preSharedKey}"` : '',
    cell.isOld ? oldMethods[auth[0]] : '',
  ];
  const fragmentation = cell.peerFragments === false ? 'nofragmentation' : 'fragmentation';
  return `set ${fragmentation}\nset nomobike\n${words.filter(Boolean).join(' ')}\n`;
}
