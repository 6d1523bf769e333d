// libreswan's daemon on a router, with opportunistic encryption by IPSECKEY as its documentation has it
// (conn private-or-clear): keys on demand from the signed reverse DNS.
import { cpSync, readFileSync } from 'node:fs';
import { keyIds } from '../../tools/nss.mjs';
import { besidePeer, inPeerTree, peerFolder } from '../../tools/peers.mjs';
import { zones } from './addresses.mjs';
import { eventually } from './machine.mjs';
import { zoneKeys } from './zones.mjs';

const tools = '/usr/libexec/ipsec';

/**
 * Starts it; `own`: the folder of its own parts of the file system, to be removed by the caller.
 *   tree          where libreswan is unpacked
 *   nss           database with the key named like the router (`makeNss`)
 *   keyFolder     with the zones' keys
 *   destinations  prefixes of its group private-or-clear
 */
export function startPluto(machine, router, { tree, nss, keyFolder, address, destinations }) {
  const own = peerFolder(tree, {
    'etc/resolv.conf': 'nameserver 127.0.0.1\n',
    'etc/anchor.key': anchor(keyFolder),
    'etc/ipsec.conf': configuration(address, keyIds(tree, nss)[router]),
    'etc/ipsec.secrets': '',
    'etc/ipsec.d/policies/private-or-clear': `${destinations.join('\n')}\n`,
  });
  cpSync(nss, `${own.folder}/run/nss`, { recursive: true });
  const argv = [`${tools}/pluto`, '--nofork', '--stderrlog', '--config', '/etc/ipsec.conf'];
  const inTree = inPeerTree(own, [...argv, '--nssdir', '/run/nss']);
  const program = machine.start(router, `pluto-${router}`, inTree);
  return new Pluto(machine, router, own, program, destinations);
}

class Pluto {
  constructor(machine, router, own, program, destinations) {
    Object.assign(this, { machine, router, own, program, destinations });
  }

  log() {
    return this.program.log().slice(-2000);
  }

  /** It loads its connections by itself; the last sign is a policy for each destination. */
  async ready() {
    const isReady = async () => {
      const policies = await this.machine.run(this.router, ['ip', 'xfrm', 'policy']);
      return this.destinations.every((each) => policies.includes(`dst ${each}`));
    };
    if (await eventually(isReady, 60_000)) return;
    throw new Error(`pluto of ${this.router} has no policies:\n${this.log()}`);
  }

  /** Numbers of its SAs that stand; `kind`: 'IKE' or 'CHILD'. */
  async states(kind) {
    const { stdout } = await this.#whack('--showstates');
    const found = stdout.matchAll(new RegExp(`#(\\d+): .*ESTABLISHED_${kind}_SA`, 'g'));
    return [...found].map(([, number]) => number);
  }

  /** Deletes all its IKE SAs, and with them the tunnels. */
  async end() {
    for (const number of await this.states('IKE')) await this.#whack('--deletestate', number);
  }

  #whack(...words) {
    const argv = besidePeer(this.own, this.program.pid, [`${tools}/whack`, ...words]);
    return this.machine.exec(undefined, argv);
  }
}

function anchor(keyFolder) {
  const [key] = zoneKeys(keyFolder, zones.reverse4);
  return `${readFileSync(`${key}.key`, 'utf8').split(';')[0]}\n`;
}

const configuration = (address, ckaid) => `config setup
  dnssec-enable=yes
  dnssec-anchors=/etc/anchor.key
  dnssec-rootkey-file=/etc/anchor.key
conn private-or-clear
  ikev2=insist
  authby=rsa-sha2
  left=${address}
  leftid=${address}
  leftckaid=${ckaid}
  right=%opportunisticgroup
  rightrsasigkey=%dnsondemand
  negotiationshunt=hold
  failureshunt=passthrough
  keyingtries=1
  auto=ondemand
`;
