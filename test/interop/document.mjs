// docs/interop.md out of the results of a whole run.
import { roles, usual } from './rows.mjs';

const marks = { ok: 'ok', unknown: '–', waits: 'not ours' };

export function interopPage(recorded, rows) {
  const results = recorded.filter((each) => rows.some((row) => isOf(each, row)));
  const peers = [...new Set(results.map((each) => each.peer))];
  const notes = [];
  const cellOf = (row, peer, role) => {
    const found = results.find(
      (each) => isOf(each, row) && each.peer === peer && each.role === role,
    );
    if (!found) return '';
    if (found.verdict === 'ok') return marks.ok;
    const mark = found.verdict === 'fails' ? 'fails' : marks[found.verdict];
    return `${mark} ${note(notes, found.why)}`;
  };
  const dimensions = [...new Set(rows.map((row) => row.dimension))];
  const tables = dimensions.map((dimension) => {
    const lines = rows.flatMap((row) => {
      if (row.dimension !== dimension) return [];
      const cells = peers.map((peer) =>
        both((row.roles ?? roles).map((role) => cellOf(row, peer, role))),
      );
      return [`| ${row.what} | ${cells.join(' | ')} |`];
    });
    const head = `| ${dimension} | ${peers.join(' | ')} |\n| --- |${peers.map(() => ' --- |').join('')}`;
    return `${head}\n${lines.join('\n')}`;
  });
  const count = (verdict) => results.filter((each) => each.verdict === verdict).length;
  const all = peers.length * rows.reduce((sum, row) => sum + (row.roles ?? roles).length, 0);
  const summary =
    `${all} cells: ${count('ok')} ok, ${count('fails')} fail, ` +
    `${count('unknown')} not known to the peer, ${count('waits')} not known to autoipsec, ` +
    `${all - results.length} not tried yet.`;
  return [
    intro,
    summary,
    ...tables,
    `## Notes\n\n${notes.map((text, i) => `${i + 1}. ${text}`).join('\n')}`,
    `## What tshark says\n\n${captureTable(peers, results)}`,
    '',
  ].join('\n\n');
}

/** One word where both roles agree, or there is one. */
const both = ([initiator, responder = initiator]) =>
  initiator === responder ? initiator : `as initiator ${initiator}, as responder ${responder}`;

function note(notes, text) {
  if (!notes.includes(text)) notes.push(text);
  return `(${notes.indexOf(text) + 1})`;
}

const isOf = (result, row) => result.dimension === row.dimension && result.what === row.what;

function captureTable(peers, results) {
  const columns = ['messages', 'malformed', 'decrypted', 'closed', 'pings'];
  const lines = peers.map((peer) => {
    const looked = results.filter((each) => each.peer === peer && each.tshark);
    const sums = columns.map((name) => looked.reduce((sum, each) => sum + each.tshark[name], 0));
    return `| ${[peer, looked.length, ...sums].join(' | ')} |`;
  });
  return [
    '| with | cells | IKE messages from us | malformed | decrypted with our keys | left closed | pings seen in ESP |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

const intro = `# Interoperability

Made by \`npm run interop\` from its last try of each cell; do not edit. Each cell is a tunnel between
autoipsec (the product's IKE daemon, socket broker and kernel room under \`qjs\`) and another
implementation as Debian ships it, in both roles, on a real kernel: set up, a ping each way that our ESP states have counted,
what the row asks for, pings again after it, and a clean end on both sides.

What a row does not name is as usual: ${usual.cipher} for IKE and ESP, PRF HMAC-${usual.prf}, group
${usual.group}, RSA raw public keys of 2048 bits both ways (RFC 7670), identities by address, IPv4,
tunnel mode, no NAT. (With openiked ESP is AES-CBC-256 with SHA2-512 then: PF_KEY, by which
it speaks to Linux, has no AEAD, and HMAC-SHA2-256 only in a form of its own.) *ok* is for both roles;
*–* is not known to the peer, or there is no way to ask it for that, *not ours* to autoipsec; a number
leads to the note with the reason. An empty field was not tried yet.`;
