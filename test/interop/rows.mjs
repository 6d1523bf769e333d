// The rows of the matrix: what each asks for beyond the usual, in words of words.mjs. Every row is
// tried with every peer in both roles, unless it names its `roles`. Not the full cross product: each value of each dimension once,
// and combinations where they meet in the same code.

/** What a row says nothing about. */
export const usual = {
  cipher: 'AES-GCM-128',
  prf: 'SHA2-256',
  group: 'P-256 (19)',
  /** How we prove who we are, and how the peer does. */
  auth: ['RSA', 'RSA'],
  family: 4,
  innerFamily: 4,
  mode: 'tunnel',
  /** Under which kind of identity both ends show themselves. */
  identity: 'address',
  /** Extended sequence numbers. */
  esn: false,
  /** A Diffie-Hellman exchange where a Child SA is rekeyed. */
  pfs: true,
  /** Who asks the initiator for a cookie (RFC 7296 §2.6): 'us' or 'the peer'. */
  cookieBy: undefined,
  /** IKE_AUTH makes no tunnel (RFC 6023), only CREATE_CHILD_SA after it. */
  isChildless: false,
  /** RFC 7296's own methods instead of Digital Signature (RFC 7427). */
  isOld: false,
  /** The initiator is behind a NAT. */
  nat: false,
  /** What is done with the tunnel, one after the other; pings pass after each but a delete. */
  steps: ['delete IKE SA by us'],
};

const ciphers = [
  'AES-GCM-128',
  'AES-GCM-256',
  'ChaCha20-Poly1305',
  'AES-CBC-128 with SHA2-256',
  'AES-CBC-256 with SHA2-256',
  'AES-CBC-128 with SHA2-384',
  'AES-CBC-256 with SHA2-384',
  'AES-CBC-128 with SHA2-512',
  'AES-CBC-256 with SHA2-512',
  'AES-CBC-128 with SHA1',
  'AES-CBC-256 with SHA1',
];
const prfs = ['SHA2-256', 'SHA2-384', 'SHA2-512'];
const groups = [
  'MODP-2048 (14)',
  'MODP-3072 (15)',
  'MODP-4096 (16)',
  'P-256 (19)',
  'P-384 (20)',
  'X25519 (31)',
];

/** libreswan has one word for the hash of both. */
const prfOf = (cipher) => {
  const hash = / with (.*)/.exec(cipher)?.[1];
  return hash ? { prf: hash } : {};
};

const named = (dimension, rows) => rows.map((row) => ({ dimension, ...row }));
const one = (dimension, key, values) =>
  named(
    dimension,
    values.map((value) => ({ what: value, [key]: value })),
  );

/** Ours. */
export const roles = ['initiator', 'responder'];

export const rows = [
  ...named('Cipher of IKE and ESP', [
    ...ciphers.map((cipher) => ({ what: cipher, cipher, ...prfOf(cipher) })),
    {
      what: 'ChaCha20-Poly1305 for IKE, AES-CBC-256 with SHA2-512 for ESP',
      cipher: 'ChaCha20-Poly1305',
      espCipher: 'AES-CBC-256 with SHA2-512',
    },
    {
      what: 'AES-CBC-256 with SHA2-256 for IKE, AES-CBC-128 with SHA2-384 for ESP',
      cipher: 'AES-CBC-256 with SHA2-256',
      espCipher: 'AES-CBC-128 with SHA2-384',
    },
    {
      what: 'AES-GCM-256 for IKE, AES-CBC-256 with SHA2-512 for ESP',
      cipher: 'AES-GCM-256',
      espCipher: 'AES-CBC-256 with SHA2-512',
    },
  ]),
  ...one('PRF', 'prf', prfs),
  ...one('Diffie-Hellman group', 'group', groups),
  ...named('Authentication', [
    { what: 'RSA raw keys', auth: ['RSA', 'RSA'], quick: true },
    { what: 'ECDSA P-256 raw keys', auth: ['ECDSA', 'ECDSA'] },
    { what: 'Ed25519 raw keys', auth: ['Ed25519', 'Ed25519'] },
    { what: 'ECDSA P-384 raw keys', auth: ['ECDSA P-384', 'ECDSA P-384'] },
    { what: 'RSA raw keys, RSASSA-PSS', auth: ['RSA-PSS', 'RSA-PSS'] },
    { what: 'RSA raw keys, method 1 (SHA-1)', auth: ['RSA', 'RSA'], isOld: true },
    { what: 'ECDSA P-256 raw keys, method 9', auth: ['ECDSA', 'ECDSA'], isOld: true },
    { what: 'ECDSA P-384 raw keys, method 10', auth: ['ECDSA P-384', 'ECDSA P-384'], isOld: true },
    { what: 'pre-shared key', auth: ['PSK', 'PSK'], quick: true },
    { what: 'NULL both ways', auth: ['NULL', 'NULL'], quick: true },
    { what: 'NULL by us, RSA by the peer', auth: ['NULL', 'RSA'] },
    { what: 'RSA by us, NULL by the peer', auth: ['RSA', 'NULL'] },
    { what: 'pre-shared key by us, RSA by the peer', auth: ['PSK', 'RSA'] },
    { what: 'RSA by us, ECDSA by the peer', auth: ['RSA', 'ECDSA'] },
    { what: 'Ed25519 by us, RSA by the peer', auth: ['Ed25519', 'RSA'] },
  ]),
  ...named('Certificates', [
    { what: 'RSA', auth: ['RSA certificate', 'RSA certificate'], quick: true },
    { what: 'ECDSA P-256', auth: ['ECDSA certificate', 'ECDSA certificate'] },
    { what: 'ECDSA P-384', auth: ['ECDSA P-384 certificate', 'ECDSA P-384 certificate'] },
    { what: 'Ed25519', auth: ['Ed25519 certificate', 'Ed25519 certificate'] },
    {
      what: 'RSA of 3072 bits below two authorities',
      auth: ['RSA certificate below two authorities', 'RSA certificate below two authorities'],
    },
    { what: 'certificate by us, raw key by the peer', auth: ['RSA certificate', 'RSA'] },
    { what: 'pre-shared key by us, certificate by the peer', auth: ['PSK', 'RSA certificate'] },
  ]),
  ...named('Identities', [
    { what: 'ID_FQDN', identity: 'name' },
    { what: 'ID_RFC822_ADDR', identity: 'mail' },
    { what: 'ID_KEY_ID with a pre-shared key', identity: 'key ID', auth: ['PSK', 'PSK'] },
    {
      what: 'ID_DER_ASN1_DN with certificates',
      identity: 'subject',
      auth: ['ECDSA certificate', 'ECDSA certificate'],
    },
    {
      what: 'ID_FQDN with certificates',
      identity: 'name',
      auth: ['ECDSA certificate', 'ECDSA certificate'],
    },
  ]),
  ...named('Negotiation', [
    { what: 'all that both propose by default', cipher: 'default' },
    {
      what: 'our first group is not the peer’s (INVALID_KE_PAYLOAD)',
      ourGroups: ['X25519 (31)', 'P-256 (19)'],
      peerGroups: ['P-256 (19)'],
      quick: true,
    },
    {
      what: 'the peer’s first group is not ours (INVALID_KE_PAYLOAD)',
      ourGroups: ['P-256 (19)'],
      peerGroups: ['X25519 (31)', 'P-256 (19)'],
    },
    { what: 'we ask for a cookie', cookieBy: 'us', roles: ['responder'] },
    {
      what: 'we ask for a cookie, and for another group',
      cookieBy: 'us',
      ourGroups: ['P-256 (19)'],
      peerGroups: ['X25519 (31)', 'P-256 (19)'],
      roles: ['responder'],
    },
    { what: 'the peer asks for a cookie', cookieBy: 'the peer', roles: ['initiator'] },
    { what: 'no Child SA in IKE_AUTH', isChildless: true, roles: ['responder'] },
  ]),
  ...named('Fragmentation', [
    {
      what: 'RSA certificates, both ways',
      auth: ['RSA certificate', 'RSA certificate'],
      fragments: true,
    },
    {
      what: 'behind a NAT',
      nat: true,
      auth: ['RSA certificate', 'RSA certificate'],
      fragments: true,
    },
    {
      what: 'IPv6',
      family: 6,
      innerFamily: 6,
      auth: ['RSA certificate', 'RSA certificate'],
      fragments: true,
    },
    {
      what: 'the peer does not do it',
      auth: ['RSA certificate', 'RSA certificate'],
      peerFragments: false,
    },
  ]),
  ...named('Sequence numbers of ESP', [
    { what: 'extended', esn: true },
    { what: 'extended, with AES-CBC', esn: true, cipher: 'AES-CBC-256 with SHA2-256' },
  ]),
  ...named('Opportunistic group `private-or-clear`', [
    { what: '`authby=null`, IPv4', auth: ['NULL', 'NULL'], isOpportunistic: true },
    {
      what: '`authby=null`, IPv6',
      auth: ['NULL', 'NULL'],
      isOpportunistic: true,
      family: 6,
      innerFamily: 6,
    },
  ]),
  ...named('Transport mode', [
    { what: 'IPv4', mode: 'transport' },
    { what: 'IPv6', mode: 'transport', family: 6, innerFamily: 6 },
    {
      what: 'rekeyed by both',
      mode: 'transport',
      steps: ['rekey Child SA by us', 'rekey Child SA by the peer'],
    },
    { what: 'NULL authentication', mode: 'transport', auth: ['NULL', 'NULL'] },
  ]),
  ...named('Deletes', [
    { what: 'Child SA by us', steps: ['delete Child SA by us'] },
    { what: 'Child SA by the peer', steps: ['delete Child SA by the peer'] },
    { what: 'IKE SA by us', steps: ['delete IKE SA by us'] },
    { what: 'IKE SA by the peer', steps: ['delete IKE SA by the peer'] },
  ]),
  ...named('Liveness', [
    { what: 'asked by us', steps: ['liveness by us'] },
    { what: 'asked by the peer', steps: ['liveness by the peer'] },
    {
      what: 'the peer’s kernel has lost the Child SA',
      quick: true,
      livenessMs: 1000,
      steps: ['lose Child SA by the peer'],
    },
  ]),
  ...named('Rekeying', [
    { what: 'Child SA by us', steps: ['rekey Child SA by us'] },
    { what: 'Child SA by the peer', steps: ['rekey Child SA by the peer'] },
    { what: 'IKE SA by us', steps: ['rekey IKE SA by us'] },
    { what: 'IKE SA by the peer', steps: ['rekey IKE SA by the peer'] },
    {
      what: 'Child SA by both at once (RFC 7296 §2.8.1)',
      steps: ['rekey Child SA by both at once'],
    },
    { what: 'IKE SA by both at once (RFC 7296 §2.8.2)', steps: ['rekey IKE SA by both at once'] },
    {
      what: 'IKE SA, then Child SA, by us, then by the peer',
      quick: true,
      steps: [
        'rekey IKE SA by us',
        'rekey Child SA by us',
        'rekey IKE SA by the peer',
        'rekey Child SA by the peer',
      ],
    },
    {
      what: 'Child SA with AES-CBC and X25519, by both',
      cipher: 'AES-CBC-128 with SHA2-512',
      prf: 'SHA2-512',
      group: 'X25519 (31)',
      steps: ['rekey Child SA by us', 'rekey Child SA by the peer'],
    },
    {
      what: 'Child SA without a key exchange of its own (no PFS), by both',
      pfs: false,
      steps: ['rekey Child SA by us', 'rekey Child SA by the peer'],
    },
    {
      what: 'Child SA with extended sequence numbers, by both',
      esn: true,
      steps: ['rekey Child SA by us', 'rekey Child SA by the peer'],
    },
    {
      what: 'IKE SA with NULL authentication, by both',
      auth: ['NULL', 'NULL'],
      steps: ['rekey IKE SA by us', 'rekey IKE SA by the peer'],
    },
    {
      what: 'IKE SA with certificates and P-384, by both',
      auth: ['ECDSA P-384 certificate', 'ECDSA P-384 certificate'],
      group: 'P-384 (20)',
      steps: ['rekey IKE SA by us', 'rekey IKE SA by the peer'],
    },
  ]),
  ...named('Networks', [
    { what: 'IPv6', family: 6, innerFamily: 6 },
    { what: 'IPv6 inside of IPv4', family: 4, innerFamily: 6 },
    { what: 'IPv4 inside of IPv6', family: 6, innerFamily: 4 },
    { what: 'the initiator behind a NAT', nat: true, quick: true },
    {
      what: 'behind a NAT: liveness and delete by the responder',
      nat: true,
      steps: ['liveness by us', 'liveness by the peer', 'delete IKE SA by the peer'],
    },
    {
      what: 'behind a NAT: Child SA and IKE SA rekeyed by both',
      nat: true,
      steps: [
        'rekey Child SA by us',
        'rekey Child SA by the peer',
        'rekey IKE SA by us',
        'rekey IKE SA by the peer',
      ],
    },
  ]),
];
