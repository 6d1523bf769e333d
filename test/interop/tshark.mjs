// What tshark makes of all that passed, with the keys that the agent has logged: nothing malformed in
// what we send, IKE and ESP decrypted.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Our addresses on the device where the capture is made. */
const fromUs = 'ip.src in {198.18.1.2, 10.99.1.2} or ipv6.src == 2001:2:0:1::2';
/** SK and SKF. */
const protectedPayloads = ['46', '53'];

/** Lines of `fields` of the packets that `filter` takes. */
function tshark(folder, filter, fields) {
  const argv = ['-r', path.join(folder, 'capture.pcap'), '-n', '-Y', filter, '-T', 'fields'];
  argv.push(
    '-o',
    'esp.enable_encryption_decode:TRUE',
    '-o',
    'esp.enable_null_encryption_decode_heuristic:FALSE',
  );
  argv.push('-E', 'separator=|', ...fields.flatMap((field) => ['-e', field]));
  const env = { ...process.env, WIRESHARK_CONFIG_DIR: folder };
  const result = spawnSync('tshark', argv, { env, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new Error(`tshark: ${result.error?.message ?? result.stderr}`);
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('|'));
}

/** SPIs of initiators whose keys tshark can use: it knows no ChaCha20-Poly1305 in IKE. */
function usableSpis(folder) {
  const lines = readFileSync(path.join(folder, 'ikev2_decryption_table'), 'utf8').split('\n');
  return new Set(
    lines.filter((line) => /^[0-9a-f]{16},/.test(line)).map((line) => line.slice(0, 16)),
  );
}

/**
 * Looks at the capture in `folder`, which the cells `{ begin, end }` (milliseconds since 1970) share.
 * Gives for each cell: `messages` of IKE from us, those `malformed`, those `closed` though their keys
 * are known, `decrypted` ones, and `pings` seen inside of ESP.
 */
export function lookAt(folder, cells) {
  const usable = usableSpis(folder);
  const all = tshark(folder, `isakmp and (${fromUs})`, [
    'frame.time_epoch',
    'isakmp.ispi',
    'isakmp.nextpayload',
    'isakmp.enc.decrypted',
  ]);
  const sealed = all.filter(
    ([, spi, next]) =>
      usable.has(spi) && protectedPayloads.some((each) => next.split(',')[0] === each),
  );
  const isOpen = ([, , , decrypted]) => decrypted !== '';
  // tshark 4.0 fails an assertion of its own at an ID_NULL (13), which has no data (RFC 7619 §2.4)
  const filter = `_ws.malformed and (${fromUs}) and not isakmp.id.type == 13`;
  const found = {
    messages: all,
    malformed: tshark(folder, filter, ['frame.time_epoch']),
    closed: sealed.filter((each) => !isOpen(each)),
    decrypted: sealed.filter(isOpen),
    pings: tshark(folder, 'esp and (icmp or icmpv6)', ['frame.time_epoch']),
  };
  return cells.map(({ begin, end }) => {
    const isWithin = ([time]) => time * 1000 >= begin && time * 1000 <= end;
    const counts = Object.entries(found).map(([name, frames]) => [
      name,
      frames.filter(isWithin).length,
    ]);
    return Object.fromEntries(counts);
  });
}
