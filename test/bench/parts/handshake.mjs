// The script's own time for one IKE_SA_INIT and IKE_AUTH, and how much slower MIPS is.
import { runProgram } from '../engines.mjs';
import { median, rounded, spread } from '../statistics.mjs';

export const title = 'One handshake (IKE_SA_INIT and IKE_AUTH), time in qjs on the host';

/** Emulated ones take ten times as long. */
const timesOnMips = 3;

const role = { initiatorMs: 'initiator', responderMs: 'responder' };

export async function measure({ tell }) {
  tell('handshakes under qjs');
  const native = await runProgram('handshake', 'host');
  tell('handshakes under qjs for MIPS big-endian (qemu-user)');
  const mips = await runProgram('handshake', 'mips', [String(timesOnMips)]);
  const rows = [];
  for (const name of new Set(native.map((each) => each.name)))
    for (const [field, who] of Object.entries(role)) {
      const valuesOf = (results) =>
        results.filter((each) => each.name === name).map((each) => each[field]);
      const [here, there] = [valuesOf(native), valuesOf(mips)];
      const ratio = median(there) / median(here);
      rows.push({
        what: `${name}, ${who}`,
        figure: spread(here, 'ms'),
        beside: `MIPS under qemu-user: ${rounded(median(there))} ms, ${rounded(ratio)} times`,
      });
    }
  return rows;
}
