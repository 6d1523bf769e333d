// AUTH by a secret, computed anew with node:crypto from what was on the wire (RFC 7296 §2.15).
import { createHmac } from 'node:crypto';
import { toHex } from '../../../src/core/bytes/hex.js';
import { utf8 } from '../../../src/core/bytes/text.js';
import { readMessage } from '../../../src/core/ike/message.js';
import { find } from '../../../src/core/ike/payloads/payload.js';
import { twoEnds } from '../../support/ike-end.js';
import { openCaptured, sasOf } from '../../support/ike-peer.js';
import { assert, test } from '../../support/test.js';

const hmac = (hash: string, key: Uint8Array, ...data: Uint8Array[]): Uint8Array =>
  createHmac(hash, key).update(Buffer.concat(data)).digest();

for (const kind of ['secret', 'null'] as const)
  test(`AUTH: ${kind}, both ways, as computed from the wire`, async () => {
    const { world, left, right } = await twoEnds();
    const secret = utf8('gr\u00fcezi');
    const credential = kind === 'null' ? { kind } : { kind, secret };
    const proofs = kind === 'null' ? { allowsNull: true } : { secrets: [{ secret }] };
    right.keysFor = async () => ({ ok: true, credential, ...proofs });
    const { keys: _, ...wish } = left.wish(right);
    assert.ok((await world.until(left.daemon.connect({ ...wish, credential, ...proofs }))).ok);
    const { captured } = world.network;
    const of = (exchange: number) =>
      captured.filter(({ bytes }) => {
        const read = readMessage(bytes);
        return read.ok && read.value.head.exchange === exchange;
      });
    const [request, response] = of(34).map(({ bytes }) => bytes);
    const nonceOf = (bytes: Uint8Array) => {
      const read = readMessage(bytes);
      assert.ok(read.ok);
      return find(read.value.payloads, 'Nonce')!.data;
    };
    const sa = sasOf(left)[0]!;
    const hash = { 5: 'sha256', 6: 'sha384', 7: 'sha512' }[sa.suite!.prf.id]!;
    for (const [index, message, nonce, skP, id] of [
      [0, request!, nonceOf(response!), sa.keys!.skPi, 'IDi'],
      [1, response!, nonceOf(request!), sa.keys!.skPr, 'IDr'],
    ] as const) {
      const payloads = openCaptured(sa, of(35)[index]!);
      const { idType, data } = find(payloads, id)!;
      const restOfId = Buffer.concat([Buffer.of(idType, 0, 0, 0), data]);
      const octets = Buffer.concat([message, nonce, hmac(hash, skP, restOfId)]);
      const shared = kind === 'null' ? skP : secret;
      const wanted = hmac(hash, hmac(hash, shared, utf8('Key Pad for IKEv2')), octets);
      const auth = find(payloads, 'AUTH')!;
      assert.is(auth.method, kind === 'null' ? 13 : 2);
      assert.is(toHex(auth.data), toHex(wanted));
      assert.is(idType === 13, kind === 'null');
    }
    await world.stop();
  });
