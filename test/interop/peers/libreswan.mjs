// libreswan's pluto as the other end of a cell: one daemon for all cells, a connection for each.
import { createPublicKey } from 'node:crypto';
import { cpSync } from 'node:fs';
import { eventually } from '../../lab/net/machine.mjs';
import { besidePeer, inPeerTree, peerFolder, writePeerFiles } from '../../tools/peers.mjs';
import { fileName } from '../certificates.mjs';
import { addresses } from '../net.mjs';
import { ciphers, groups, preSharedKey, prfs } from '../words.mjs';

/**
 * The group that libreswan's packages bring: encrypt when the other side can, else go on in clear. One
 * for each family: pluto takes no mixed one. Each has its file below etc/ipsec.d/policies.
 */
const opportunisticGroups = { 4: 'private-or-clear', 6: 'private-or-clear-6' };
const group = [
  'negotiationshunt=hold',
  'failureshunt=passthrough',
  'keyingtries=1',
  'retransmit-timeout=5s',
  'auto=ondemand',
];

const tools = '/usr/libexec/ipsec';

/** How each way to prove oneself is named, for both ends and for one. */
const methods = {
  // `rsa-sha2` alone is RSASSA-PSS
  RSA: { both: 'rsasig', one: 'rsasig' },
  'RSA-PSS': { both: 'rsa-sha2', one: 'rsasig' },
  ECDSA: { both: 'ecdsa', one: 'ecdsa' },
  'ECDSA P-384': { both: 'ecdsa', one: 'ecdsa' },
  PSK: { both: 'secret', one: 'secret' },
  NULL: { both: 'null', one: 'null' },
  'RSA certificate': { both: 'rsasig', one: 'rsasig' },
  'RSA certificate below two authorities': { both: 'rsasig', one: 'rsasig' },
  'ECDSA certificate': { both: 'ecdsa', one: 'ecdsa' },
  'ECDSA P-384 certificate': { both: 'ecdsa', one: 'ecdsa' },
};

const authentication = ([ours, theirs], isOld) =>
  ours === theirs
    ? [`authby=${isOld ? 'rsa-sha1' : methods[ours].both}`]
    : [`leftauth=${methods[theirs].one}`, `rightauth=${methods[ours].one}`];

export class Libreswan {
  /**
   * Of two IKE SAs made at once it keeps both, and has given its tunnels to the one that it has answered
   * to: they go with that where it is the redundant one.
   */
  keepsRedundant = true;
  /** The connection that is there. */
  #loaded;
  #listens = false;
  #load = '';

  constructor(tree) {
    this.tree = tree;
    this.name = `libreswan ${tree.version.replace(/-.*/, '')}`;
    this.isNew = !/^4\./.test(tree.version);
  }

  /** `undefined`, or what of the cell is not known to it. */
  unknown({ auth, cipher, prf, innerFamily, family, mode, isOld, isChildless, steps }) {
    if (isChildless) return 'an IKE SA without Child SA';
    // it keeps both, so that it depends on the nonces how that ends
    if (steps.some((each) => each.endsWith('Child SA by both at once')))
      return 'which of two new SAs is redundant (RFC 7296 §2.8.1, §2.8.2)';
    // it has one word for integrity and PRF
    const integrity = /with (.*)/.exec(cipher)?.[1];
    if (integrity && integrity !== prf) return `${cipher} with another PRF`;
    if (mode === 'transport' && innerFamily !== family) return 'such a transport mode';
    if (isOld && auth[0] !== 'RSA') return 'a setting for ECDSA without Digital Signature';
    if (!this.isNew && auth[0] === 'ECDSA P-384')
      return 'a raw key of P-384 (pluto ends when it reads one)';
    return auth.find((each) => !methods[each]);
  }

  async start(machine, namespace, keys, { nss, keyIds }) {
    this.machine = machine;
    this.keys = keys;
    this.keyIds = keyIds;
    this.own = peerFolder(this.tree, {
      'etc/ipsec.conf': 'config setup\n',
      'etc/ipsec.secrets': `: PSK "${preSharedKey}"\n`,
      [`etc/ipsec.d/policies/${opportunisticGroups[4]}`]: `${addresses[4].us}/32\n`,
      [`etc/ipsec.d/policies/${opportunisticGroups[6]}`]: `${addresses[6].us}/128\n`,
      'etc/hosts': '127.0.0.1 localhost\n',
      'etc/resolv.conf': '',
    });
    cpSync(nss, `${this.own.folder}/run/nss`, { recursive: true });
    const argv = [`${tools}/pluto`, '--nofork', '--stderrlog', '--config', '/etc/ipsec.conf'];
    argv.push('--nssdir', '/run/nss', '--secretsfile', '/etc/ipsec.secrets');
    this.program = machine.start(namespace, this.tree.name, inPeerTree(this.own, argv));
    let result;
    const isReady = async () => {
      result = await this.#tool('whack', '--status');
      return result.status === 0;
    };
    if (await eventually(isReady, 120_000)) return;
    throw new Error(`whack --status: ${result.stderr}; pluto:\n${this.program.log()}`);
  }

  #tool(name, ...words) {
    const argv = [`${tools}/${name}`, ...words];
    return this.machine.exec(undefined, besidePeer(this.own, this.program.pid, argv));
  }

  async #run(name, ...words) {
    const { status, stdout, stderr } = await this.#tool(name, ...words);
    if (status !== 0) throw new Error(`${name} ${words.join(' ')}: ${lastLines(stdout + stderr)}`);
    return stdout;
  }

  async load(cell) {
    await this.forget();
    this.connection = cell.isOpportunistic ? opportunisticGroups[cell.family] : 'cell';
    writePeerFiles(this.own, { 'run/cell.conf': this.#connection(cell) });
    this.#loaded = this.connection;
    const load = cell.cookieBy === 'the peer' ? '--ddos-busy' : '--ddos-unlimited';
    if (load !== this.#load) await this.#run('whack', load);
    this.#load = load;
    await this.#run('addconn', '--config', '/run/cell.conf', this.connection);
    // the connections of earlier runs may have left the sockets of addresses that came later
    if (!this.#listens || cell.isOpportunistic) await this.#run('whack', '--listen');
    this.#listens = true;
    if (cell.isOpportunistic) await this.#tool('whack', '--route', '--name', this.connection);
  }

  /** A tunnel of an opportunistic group begins with a packet. */
  initiate({ peer, us, isOpportunistic }) {
    if (isOpportunistic)
      return this.machine.exec('peer', [
        'ping',
        '-qn',
        '-w',
        '5',
        '-c',
        '1',
        '-I',
        peer.inner,
        us.inner,
      ]);
    return this.#run('whack', '--initiate', '--name', 'cell');
  }

  /** Does `what` of rows.mjs. */
  async act(what) {
    const { ike, child } = await this.established();
    const byNumber = (number) => ['--deletestate', number];
    const named = (verb) => [verb, '--name', 'cell'];
    const words = {
      'delete Child SA': this.isNew ? named('--delete-child') : byNumber(child[0]),
      'delete IKE SA': this.isNew ? named('--delete-ike') : byNumber(ike[0]),
      'rekey Child SA': named(this.isNew ? '--rekey-child' : '--rekey-ipsec'),
      'rekey IKE SA': named('--rekey-ike'),
    }[what];
    if (!words) throw new Error(`libreswan does not ${what} on command`);
    const told = this.#run('whack', ...words);
    // it may stay to hear of the IKE SA, which lives on: what counts is what becomes of the Child SA
    if (what === 'delete Child SA') told.catch(() => undefined);
    else await told;
  }

  /** `{ ike, child }`: numbers that name its established SAs. */
  async established() {
    const text = await this.#run('whack', '--showstates');
    const of = (kind) =>
      [...text.matchAll(new RegExp(`#(\\d+): .*ESTABLISHED_${kind}_SA`, 'g'))].map(([, id]) => id);
    return { ike: of('IKE'), child: of('CHILD') };
  }

  async forget() {
    if (this.#loaded) await this.#tool('whack', '--delete', '--name', this.#loaded);
    this.#loaded = undefined;
  }

  log() {
    return this.program.log();
  }

  stop() {
    return this.program.stop();
  }

  #connection(cell) {
    const { us, peer, auth } = cell;
    const { ike, esp } = proposals(cell);
    const lines = [
      this.isNew ? 'keyexchange=ikev2' : 'ikev2=insist',
      `left=${peer.address}`,
      `leftid=${identity(peer.identity)}`,
      `right=${cell.isOpportunistic ? '%opportunisticgroup' : us.seen}`,
      `rightid=${identity(us.identity)}`,
      ...(cell.mode === 'tunnel' && !cell.isOpportunistic
        ? [`leftsubnet=${subnet(peer.inner)}`, `rightsubnet=${subnet(us.inner)}`]
        : []),
      `type=${cell.mode}`,
      ...authentication(auth, cell.isOld),
      ...this.#ownKey(auth[1]),
      ...publicKey(auth[0], this.keys),
      ...(ike ? [`ike=${ike}`, `esp=${esp}`] : []),
      `pfs=${cell.pfs ? 'yes' : 'no'}`,
      `esn=${cell.esn ? 'yes' : 'no'}`,
      `fragmentation=${cell.peerFragments === false ? 'no' : 'yes'}`,
      ...(cell.isOpportunistic ? group : ['rekey=yes', 'auto=add']),
      'leftupdown=/usr/bin/true',
      ...(cell.steps.includes('liveness by the peer') ? ['dpddelay=1', 'dpdtimeout=10'] : []),
    ];
    return `conn ${this.connection}\n${lines.map((line) => `  ${line}\n`).join('')}`;
  }

  #ownKey(method) {
    if (method.includes('certificate'))
      return [`leftcert=${fileName(method)}`, 'leftsendcert=always', 'sendca=all'];
    const kind = { RSA: 'rsa', 'RSA-PSS': 'rsa', ECDSA: 'ec', 'ECDSA P-384': 'ec384' }[method];
    return kind ? [`leftckaid=${this.keyIds[kind]}`] : [];
  }
}

const lastLines = (text) => text.trim().split('\n').slice(-3).join('; ');

const subnet = (address) => `${address}/${address.includes(':') ? 128 : 32}`;

const identity = ({ kind, text }) =>
  ({ name: `@${text}`, none: '%null', 'key ID': `@[${text}]`, subject: `"${text}"` })[kind] ?? text;

/** Our public key in the form of the DNS (RFC 3110, RFC 6605). */
function publicKey(method, keys) {
  const pair = keys[method];
  if (pair?.authorities) return ['rightrsasigkey=%cert'];
  if (!pair) return [];
  const jwk = createPublicKey(pair.us.public).export({ format: 'jwk' });
  const bytes = (text) => Buffer.from(text, 'base64url');
  if (method.startsWith('ECDSA'))
    return [`rightecdsakey=0s${Buffer.concat([bytes(jwk.x), bytes(jwk.y)]).toString('base64')}`];
  const exponent = bytes(jwk.e);
  const key = Buffer.concat([Buffer.of(exponent.length), exponent, bytes(jwk.n)]);
  return [`rightrsasigkey=0s${key.toString('base64')}`];
}

function proposals({ cipher, espCipher, prf, group, peerGroups, pfs }) {
  if (cipher === 'default') return {};
  const [encryption] = ciphers[cipher].libreswan.split('-');
  const { libreswan } = ciphers[espCipher];
  return {
    ike: [
      encryption,
      prfs[prf].libreswan,
      (peerGroups ?? [group]).map((each) => groups[each].libreswan).join('+'),
    ].join('-'),
    esp: pfs ? `${libreswan};${groups[group].libreswan}` : libreswan,
  };
}
