/**
 * IKE_AUTH of other implementations, opened by our code. Captures and keys: Wireshark's own tests
 * (test/captures, test/config/ikev2_decryption_table.tmpl, test/suite_decryption.py), which expect the
 * same Authentication Data. What we have no cipher for is told as such.
 */
import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '../../../src/core/bytes/hex.js';
import type { CipherChoice } from '../../../src/core/ike/crypto/suite.js';
import { findIkeCipher } from '../../../src/core/ike/crypto/suite.js';
import { transformName } from '../../../src/core/ike/crypto/transforms.js';
import { type Message, readMessage } from '../../../src/core/ike/message.js';
import { find } from '../../../src/core/ike/payloads/payload.js';
import { openMessage } from '../../../src/core/ike/protect.js';
import { readDatagrams } from '../../support/pcap.js';
import { assert, skip, test } from '../../support/test.js';

interface Capture {
  file: string;
  spiInitiator: string;
  /** SK_ei and SK_er, SK_ai and SK_ar. */
  encryption: readonly [string, string];
  integrity: readonly [string, string];
  /** AUTH of one of the two. */
  auth: string;
}

const none = ['', ''] as const;

const captures: readonly Capture[] = [
  {
    file: 'ikev2-decrypt-3des-sha1_160.pcap',
    spiInitiator: '19ab98963486359f',
    encryption: [
      '2e0e194070fc658c2bfbfdbf8b956be4b2eaa33d02a43cca',
      '219f3080e631774b8d5836d3a675b099b1e271c9bdcf6e15',
    ],
    integrity: [
      'c96f5bad08aebbff60509c7495f11c183818b916',
      'e742ac415cdfdd709c9de92769a169e0a5224f79',
    ],
    auth: '02f7a0d5f1fdc8ea81039818c65bb9bd09af9b8917319b887ff9ba3046c344c7',
  },
  {
    file: 'ikev2-decrypt-aes128ccm12.pcap',
    spiInitiator: 'ea684d21597afd36',
    encryption: [
      'be83fe15f6a9976941870830fe26c014b863b3',
      '79e0f4476861a76e64329e787b1c4ff38d732f',
    ],
    integrity: none,
    auth: 'c2104394299e1ffe7908ea720ad5d13717a0d454e4fa0a2128ea689411f479c4',
  },
  {
    file: 'ikev2-decrypt-aes128ccm12-2.pcap',
    spiInitiator: 'a2926ae833c6f138',
    encryption: [
      '5daf82e6fd7e57d5fbf76cd5af73fd46035db0bc',
      '68848f4a7602b20c7d033cc998b0c097032ac38a',
    ],
    integrity: none,
    auth: 'aaa281c87b4a19046c57271d557488ca413b57228cb951f5fa9640992a0285b9',
  },
  {
    file: 'ikev2-decrypt-aes192ctr.pcap',
    spiInitiator: '81f24c0acd8fa55c',
    encryption: [
      'aaa06839eaf0959d486eeecda7a48b23080963b5fd7217928e8fbf58',
      '92dc96ec87076caa84e26b3621c7c469427e2e4bcc1b962362a3dde3',
    ],
    integrity: [
      '65777be31ee2137f31cf23fa0ee834dfede11cc0adc9a84541026642c09df2bf96056a2036e97a67ce7d3c5b6f37e17e8fe64f4ef23e14f5997fb7671df3adaf',
      '42abd4709f1b94fd8c2270c74aae3fbe61c0b9c109c55f3e3b9ed7e480bc75c3985c15234caa623c8ca0606c303921d7cfd44861df1e798370b2ee95fe712e52',
    ],
    auth: '3ec23dcf9348485638407c754547aeb3085290082c49f583fdbae59263a20b4a',
  },
  {
    file: 'ikev2-decrypt-aes256cbc.pcapng',
    spiInitiator: '191ccd371a7a1f7b',
    encryption: [
      '9096ddd2933620e8f48122c53a3f562cb0222c1cf97ce41fcc874ea2582a89ac',
      '6718c6b2bbef2f234eac4c13832f885d87b574afd2af0111161e99b5dc61b4d4',
    ],
    integrity: [
      '12d532c3e83c757906af548dfe1ccf223ca5507af77898454e2d55c8ace57a17',
      '30c4ead18c93024b58a86c1e3db60f550221801026853170b4cb0248d3a95329',
    ],
    auth: 'e1a8d550064201a7ec024a85758d0673c61c5c510ac13bcd225d6327f50da3d3',
  },
  {
    file: 'ikev2-decrypt-aes256ccm16.pcapng',
    spiInitiator: 'cd7ae76304b277e2',
    encryption: [
      'daa0a85a81e6adda7b8c568f1c4cfaa6e9f9edb242e9895f012caaa642eacf4d004903',
      'e02281ba4bb8ed20321faff956b95ce7f841b3039984dad4ed4625e77743fce4a04f32',
    ],
    integrity: none,
    auth: 'fa2e74bdc01e30fb0b3ddc9723c9449095969da51f69e560209d2c2b7940210a',
  },
  {
    file: 'ikev2-decrypt-aes256gcm16.pcap',
    spiInitiator: '0158b8fb90b7623d',
    encryption: [
      '647075bf167447a1c8683e8dbe4794b4cfe73799cc6bec34905441159ce13705c8dfb3a9',
      '15c9eae6f94631d63068bf44bb69999abc07b3d15e915fd8f0ed99ad481efd75deb02a5e',
    ],
    integrity: none,
    auth: '9ab71f14ab553cad873a1aa70b99df155dee77cdcf3694b3b7527acbb9712ded',
  },
  {
    file: 'ikev2-decrypt-aes256gcm8.pcap',
    spiInitiator: '5d48bfeeb7d574da',
    encryption: [
      '91b817d036d97db3ace64475cd8d1cbeab186295020211a9cf0c16cec10b92b453ecd24e',
      'd04516586721974d970627d85f7d031433b6558c0ec6faecf9217e5445e17e7eeee6bc68',
    ],
    integrity: none,
    auth: '4a66d822d0afbc22ad9a92a2cf4287c920ad8ac3b069a4a7e75fe0a5d499f914',
  },
];

/** Ciphers that we do not have: no peer of ours is asked for them. */
const unknown = [
  'ENCR_3DES',
  'UNKNOWN_15_128',
  'UNKNOWN_15_128',
  'ENCR_AES_CTR_192',
  'UNKNOWN_16_256',
  'ENCR_AES_GCM_8_256',
];

const IKE_SA_INIT = 34;
const NAT_PORT = 4500;

function messagesIn(file: string): Message[] {
  return readDatagrams(readFileSync(file)).flatMap(({ sourcePort, destinationPort, bytes }) => {
    const isMarked = sourcePort === NAT_PORT || destinationPort === NAT_PORT;
    const read = readMessage(isMarked ? bytes.slice(4) : bytes);
    assert.ok(read.ok, read.ok ? '' : read.error);
    return read.ok ? [read.value] : [];
  });
}

/** What the responder has chosen. */
function chosen(messages: readonly Message[]): CipherChoice {
  const answer = messages.find(
    ({ head, payloads }) =>
      head.exchange === IKE_SA_INIT && head.isResponse && find(payloads, 'SA'),
  )!;
  const { transforms } = find(answer.payloads, 'SA')!.proposals[0]!;
  const encryption = transforms.find(({ type }) => type === 1)!;
  const attributes = Array.isArray(encryption.attributes) ? encryption.attributes : [];
  const keyBits = attributes.find(({ type }) => type === 14)?.value;
  return {
    encryption: encryption.id,
    keyBits: typeof keyBits === 'number' ? keyBits : undefined,
    integrity: transforms.find(({ type }) => type === 3)?.id,
  };
}

/** Authentication Data of all messages that the keys open. */
function authOf({ encryption, integrity }: Capture, messages: readonly Message[]): string[] {
  const cipher = findIkeCipher(chosen(messages))!;
  const keys = ([0, 1] as const).map((side) => ({
    encryption: fromHex(encryption[side]),
    integrity: fromHex(integrity[side]),
  }));
  return messages.flatMap(({ head, sealed }) => {
    if (!sealed) return [];
    const opened = openMessage(sealed, cipher, keys[head.isFromInitiator ? 0 : 1]!);
    assert.is(opened.kind, 'open', `exchange ${head.exchange}`);
    const auth = opened.kind === 'open' && find(opened.payloads, 'AUTH');
    return auth ? [toHex(auth.data)] : [];
  });
}

const folder = process.env.AUTOIPSEC_CAPTURES;
if (!folder) skip('foreign captures', 'they can not be fetched here, see above');
else
  for (const capture of captures)
    test(`foreign captures: ${capture.file}`, () => {
      const all = messagesIn(`${folder}/${capture.file}`);
      const messages = all.filter(({ head }) => toHex(head.spiInitiator) === capture.spiInitiator);
      assert.ok(messages.length >= 4, `${messages.length} messages`);
      const choice = chosen(messages);
      if (findIkeCipher(choice)) {
        assert.ok(authOf(capture, messages).includes(capture.auth));
        return;
      }
      assert.ok(
        unknown.includes(transformName(1, choice.encryption, choice.keyBits)),
        JSON.stringify(choice),
      );
    });
