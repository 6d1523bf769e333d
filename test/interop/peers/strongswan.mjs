// strongSwan's charon as the other end of a cell: one daemon for all cells, a connection for each.
import path from 'node:path';
import { eventually } from '../../lab/net/machine.mjs';
import { besidePeer, inPeerTree, peerFolder, writePeerFiles } from '../../tools/peers.mjs';
import { fileName } from '../certificates.mjs';
import { ciphers, groups, preSharedKey, prfs } from '../words.mjs';
import { askCharon } from './vici.mjs';

/** How long charon may take for what it answers at the end of: milliseconds. */
const patience = { timeout: 20_000 };

/** What a cell may need; `bypass-lan` would exempt the lab's own addresses. */
const plugins = [
  ...['random', 'nonce', 'openssl', 'aes', 'sha1', 'sha2', 'hmac', 'kdf', 'gcm', 'chapoly', 'ctr'],
  ...['ccm', 'cmac', 'xcbc', 'curve25519', 'gmp', 'pem', 'pkcs1', 'pkcs8', 'x509', 'pubkey'],
  ...['constraints', 'revocation', 'kernel-netlink', 'socket-default', 'vici'],
];

const configuration = `charon {
  load = ${plugins.join(' ')}
  filelog { stderr {
    default = 1
    ike = 2
    enc = 1
    cfg = 2
    time_format = %H:%M:%S
  } }
  keep_alive = 0
  retransmit_timeout = 2
  # what one cell leaves must not spoil the next
  delete_rekeyed_delay = 1
}
swanctl { load = pem pkcs1 pkcs8 x509 pubkey openssl random }
# what only one cell wants of the whole daemon
include /run/charon.conf
`;

const keyFiles = (name, { us, peer }) => [
  [`etc/swanctl/private/peer-${fileName(name)}.pem`, peer.private],
  [`etc/swanctl/pubkey/peer-${fileName(name)}.pem`, peer.public],
  [`etc/swanctl/pubkey/us-${fileName(name)}.pem`, us.public],
];

const certificateFiles = (name, { peer, authorities, between }) => [
  [`etc/swanctl/private/peer-${fileName(name)}.pem`, peer.private],
  [`etc/swanctl/x509/peer-${fileName(name)}.pem`, peer.chain[0]],
  ['etc/swanctl/x509ca/root.pem', authorities[0]],
  ...between.map((each) => ['etc/swanctl/x509ca/middle.pem', each]),
];

const prefixes = {
  address: '',
  name: 'fqdn:',
  mail: 'rfc822:',
  subject: '',
  'key ID': 'keyid:',
};

/** Section `local` or `remote`. */
function proof(end, method, { kind, text }) {
  const identity = `"${prefixes[kind]}${text}"`;
  if (method === 'PSK') return `{ auth = psk\n id = ${identity} }`;
  if (method.includes('certificate')) {
    const what =
      end === 'peer'
        ? `certs = /etc/swanctl/x509/peer-${fileName(method)}.pem`
        : 'cacerts = /etc/swanctl/x509ca/root.pem';
    return `{ auth = pubkey\n id = ${identity}\n ${what} }`;
  }
  const scheme = method === 'RSA-PSS' ? '-rsa/pss-sha256-sha384-sha512' : '';
  return `{
    auth = pubkey${scheme}
    pubkeys = /etc/swanctl/pubkey/${end}-${fileName(method)}.pem
    id = ${identity} }`;
}

export class StrongSwan {
  #settings = '';

  constructor(tree) {
    this.tree = tree;
    this.name = `strongSwan ${tree.version.replace(/-.*/, '')}`;
  }

  /** `undefined`, or what of the cell is not known to it. */
  unknown({ auth, isOpportunistic, cookieBy }) {
    if (cookieBy === 'the peer') return 'to ask for a cookie on command';
    if (isOpportunistic) return 'an opportunistic group';
    return auth.find((each) => each === 'NULL') && 'NULL authentication';
  }

  async start(machine, namespace, keys) {
    this.machine = machine;
    this.own = peerFolder(this.tree, {
      'etc/strongswan.conf': configuration,
      'etc/swanctl/swanctl.conf': `secrets { ike { secret = "${preSharedKey}" } }\n`,
      ...Object.fromEntries(
        Object.entries(keys).flatMap(([name, pair]) =>
          pair.authorities ? certificateFiles(name, pair) : keyFiles(name, pair),
        ),
      ),
    });
    const argv = inPeerTree(this.own, ['/usr/lib/ipsec/charon', '--use-syslog', 'no']);
    this.program = machine.start(namespace, this.tree.name, argv);
    let result;
    const isLoaded = async () => {
      result = await this.#swanctl('--load-creds');
      return result.status === 0;
    };
    if (await eventually(isLoaded, 120_000)) return;
    throw new Error(`swanctl --load-creds: ${result.stderr}; charon:\n${this.program.log()}`);
  }

  async #swanctl(...words) {
    return this.machine.exec(
      undefined,
      besidePeer(this.own, this.program.pid, ['swanctl', ...words]),
    );
  }

  async #run(...words) {
    const { status, stdout, stderr } = await this.#swanctl(...words);
    if (status !== 0) throw new Error(`swanctl ${words.join(' ')}: ${lastLines(stdout + stderr)}`);
    return stdout;
  }

  async load(cell) {
    const settings = `charon { signature_authentication = ${cell.isOld ? 'no' : 'yes'} }\n`;
    writePeerFiles(this.own, { 'run/cell.conf': connection(cell), 'run/charon.conf': settings });
    if (settings !== this.#settings) await this.#run('--reload-settings');
    this.#settings = settings;
    await this.#run('--load-conns', '--file', '/run/cell.conf');
  }

  async #ask(command, values, event) {
    const socket = path.join(this.own.folder, 'run/charon.vici');
    const { response, events } = await askCharon(socket, command, values, event);
    if (response.success === 'no') throw new Error(`${command}: ${response.errmsg}`);
    return events;
  }

  initiate() {
    return this.#ask('initiate', { child: 'pair', ...patience });
  }

  /** Does `what` of rows.mjs. */
  async act(what) {
    const words = {
      'delete Child SA': ['terminate', { child: 'pair', ...patience }],
      'delete IKE SA': ['terminate', { ike: 'cell', ...patience }],
      'rekey Child SA': ['rekey', { child: 'pair' }],
      'rekey IKE SA': ['rekey', { ike: 'cell' }],
    }[what];
    if (words) await this.#ask(...words);
    else throw new Error(`strongSwan does not ${what} on command`);
  }

  /** `{ ike, child }`: numbers that name its established SAs. */
  async established() {
    const events = await this.#ask('list-sas', {}, 'list-sa');
    const all = events.flatMap(Object.values);
    const childs = all.flatMap((each) => Object.values(each['child-sas'] ?? {}));
    const numbers = (sas, wanted) =>
      sas.filter(({ state }) => state === wanted).map(({ uniqueid }) => uniqueid);
    return { ike: numbers(all, 'ESTABLISHED'), child: numbers(childs, 'INSTALLED') };
  }

  async forget() {
    await this.#ask('terminate', { ike: 'cell', force: 'yes', ...patience });
  }

  log() {
    return this.program.log();
  }

  stop() {
    return this.program.stop();
  }
}

const lastLines = (text) => text.trim().split('\n').slice(-3).join('; ');

function proposals({ cipher, espCipher, prf, group, peerGroups, pfs, esn }) {
  if (cipher === 'default') return { ike: 'default', esp: 'default' };
  const { strongswan } = ciphers[cipher];
  return {
    ike: [
      strongswan,
      prfs[prf].strongswan,
      ...(peerGroups ?? [group]).map((each) => groups[each].strongswan),
    ].join('-'),
    esp: [
      ciphers[espCipher].strongswan,
      ...(pfs ? [groups[group].strongswan] : []),
      esn ? 'esn' : 'noesn',
    ].join('-'),
  };
}

function connection(cell) {
  const { peer, us, auth, mode } = cell;
  const { ike, esp } = proposals(cell);
  return `connections { cell {
  version = 2
  local_addrs = ${peer.address}
  remote_addrs = ${cell.role === 'initiator' && cell.nat ? '%any' : us.address}
  proposals = ${ike}
  mobike = no
  ${cell.isChildless ? 'childless = force' : ''}
  fragmentation = ${cell.peerFragments === false ? 'no' : 'yes'}
  ${cell.steps.includes('liveness by the peer') ? 'dpd_delay = 1s' : ''}
  local ${proof('peer', auth[1], peer.identity)}
  remote ${proof('us', auth[0], us.identity)}
  children { pair {
    local_ts = ${peer.inner}
    remote_ts = ${us.inner}
    mode = ${mode}
    esp_proposals = ${esp} } }
} }
`;
}
