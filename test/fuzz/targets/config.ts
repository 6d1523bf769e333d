/** The configuration file and the control channel. */
import { fromUtf8, utf8 } from '../../../src/core/bytes/text.js';
import { loadSettings } from '../../../src/core/config/load.js';
import { parseUci } from '../../../src/core/config/uci.js';
import { jsonLine, LineReader, parseJsonLine } from '../../../src/core/control/lines.js';
import { asControlRequest, asControlResponse } from '../../../src/core/control/protocol.js';
import {
  isEspProposal,
  isIkeProposal,
  preferencesOf,
} from '../../../src/core/ike/proposals/names.js';
import { parseAddress, parsePrefix } from '../../../src/core/net/address.js';
import { plugins } from '../../../src/plugins/index.js';
import { type Target, taker, textTaker } from '../target.js';
import { mutateJson } from '../text.js';

const configuration = `package 'autoipsec'

config autoipsec 'main'
	option enabled '1'
	option mark_bit '0x20000000'
	list name_server '198.18.0.53'

config wan
	option enabled '1'
	option interface "wan"
	list plugin 'oe-dns'
	option default_class oe-paranoid # comment

config policy 'lan'
	option class 'deny'; list destination '198.18.0.0/15'
	list destination '2001:db8::/\\
32'
`;

const request = utf8('{"command":"forget","address":"198.18.2.10"}');

function linesOf(input: Uint8Array): unknown {
  const reader = new LineReader(200);
  const size = 1 + ((input[0] ?? 0) % 50);
  const values: unknown[] = [];
  for (let at = 1; at < input.length; at += size) {
    const lines = reader.push(input.subarray(at, at + size));
    if (!lines) return 'too long';
    values.push(...lines.map((line) => asControlRequest(parseJsonLine(line))));
  }
  return values.slice(0, 4);
}

function control(input: Uint8Array): unknown {
  const value = parseJsonLine(fromUtf8(input));
  const again = value === undefined ? undefined : parseJsonLine(fromUtf8(jsonLine(value)));
  return [asControlRequest(value), asControlResponse(value), again === undefined];
}

export const configTargets: readonly Target[] = [
  textTaker('config UCI', [configuration], parseUci),
  textTaker('config settings', [configuration], (text) =>
    loadSettings(text, '/etc/config/autoipsec', plugins),
  ),
  textTaker(
    'config proposals',
    ['aes128gcm16-prfsha256-ecp256', 'aes256-sha256-modp2048', 'chacha20poly1305-esn', 'default'],
    (text) => [
      isIkeProposal(text) && preferencesOf([text], []),
      isEspProposal(text) && preferencesOf([], [text]),
    ],
  ),
  textTaker(
    'config address',
    ['198.18.0.1', '2001:db8::1', '::ffff:198.18.0.1', '10.0.0.0/8'],
    (text) => [parseAddress(text), parsePrefix(text)],
  ),
  taker('control request', [request, utf8('{"ok":true,"result":[1]}')], control, {
    mutate: mutateJson,
  }),
  taker('control lines', [utf8(`\u0005${fromUtf8(request)}\n${fromUtf8(request)}\n`)], linesOf),
];
