/** Peers of AutoVPN as text. What a peer says of itself is plain text, and marked as its own words. */
import { plain, wrap } from '../core/control/columns.js';
import type { OwnReport, PeerReport } from '../plugins/autovpn/trust/commands.js';
import { grouped } from '../plugins/autovpn/trust/fingerprint.js';

const indent = 4;

/** The real guarantee, in words (AV-4). */
const guarantees: Readonly<Record<PeerReport['state'], string>> = {
  Unverified:
    'taken as it came: safe from listeners and from whoever comes later; nobody has looked whether it was the right one at first',
  Trusted: 'you have compared its fingerprint',
  Untrusted: 'kept out, because you said so',
  Managed: 'left to your own configuration',
};

const guaranteeOf = ({ state, trustedBy }: PeerReport): string =>
  state === 'Trusted' && trustedBy === 'authority'
    ? 'an authority that you named vouches for its certificate'
    : guarantees[state];

const day = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');

/** Each line of a text of strangers behind a mark, so that none of it looks like ours. */
const quoted = (text: string): string[] =>
  text.split('\n').flatMap((line) => wrap(`| ${plain(line)}`, indent, ' '.repeat(indent)));

const fingerprintLines = (fingerprint: string): string[] =>
  wrap(`SHA-256 ${grouped(fingerprint)}`, indent + 8, ' '.repeat(indent));

function peerLines(peer: PeerReport): string[] {
  const lines = [plain(`${peer.id}  ${peer.state}  ${peer.name}`)];
  const say = (sentence: string) => lines.push(...wrap(sentence, indent, ' '.repeat(indent)));
  say(guaranteeOf(peer));
  lines.push(...fingerprintLines(peer.fingerprint));
  const proof = peer.hasSecret ? 'a shared secret, which has no end' : 'its certificate';
  say(`proves itself with ${proof}; tunnels now: ${peer.tunnels}`);
  const where = peer.address ? `, last at ${peer.address}` : '';
  say(`met first ${day(peer.firstSeen)}, last ${day(peer.lastSeen)} UTC${where}`);
  if (peer.addresses.length > 0) say(`speaks for ${peer.addresses.join(', ')}`);
  if (peer.reason) say(`you said: ${peer.reason}`);
  if (peer.contact !== '') {
    say('it says of itself (anybody can say anything):');
    lines.push(...quoted(peer.contact));
  }
  const { conflict } = peer;
  if (conflict) {
    say(
      `ALARM: another certificate came in its name ${conflict.count} times, last ${day(conflict.lastSeen)} UTC from ${conflict.address}, and was refused:`,
    );
    lines.push(...fingerprintLines(conflict.fingerprint));
  }
  return lines;
}

export function peersText(peers: readonly PeerReport[]): string {
  if (peers.length === 0) return 'AutoVPN has met nobody yet.\n';
  return `${peers.map((peer) => peerLines(peer).join('\n')).join('\n\n')}\n`;
}

export function ownText({ name, fingerprint, contact }: OwnReport): string {
  const said = contact === '' ? ['Contact text: none'] : ['Contact text:', ...quoted(contact)];
  const lines = [plain(`Our name: ${name}`), 'Our fingerprint:', ...fingerprintLines(fingerprint)];
  return `${[...lines, ...said].join('\n')}\n`;
}
