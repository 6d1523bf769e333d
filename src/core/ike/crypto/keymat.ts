/** Keys of an IKE SA and its Child SAs, and what AUTH signs (RFC 7296 §2.14, §2.15, §2.17). */
import { concat } from '../../bytes/bytes.js';
import type { Identity } from '../identity.js';
import type { IkeCipher, SkKeys } from './cipher.js';
import { type Prf, prfPlus } from './prf.js';

export interface IkeKeys {
  /** Key for the keys of Child SAs. */
  skD: Uint8Array;
  /** SK_ei and SK_ai: what the initiator sends. */
  initiator: SkKeys;
  /** SK_er and SK_ar: what the responder sends. */
  responder: SkKeys;
  skPi: Uint8Array;
  skPr: Uint8Array;
}

export interface IkeKeyInput {
  prf: Prf;
  cipher: IkeCipher;
  /** g^ir, as `KeyPair.shared` gives it. */
  shared: Uint8Array;
  ni: Uint8Array;
  nr: Uint8Array;
  /** 8 bytes each. */
  spiInitiator: Uint8Array;
  spiResponder: Uint8Array;
}

/** Cuts `bytes` into pieces of these lengths. */
function split(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return bytes.slice(at - length, at);
  });
}

const sum = (lengths: readonly number[]) => lengths.reduce((total, length) => total + length, 0);

/** RFC 7296 §2.14: SKEYSEED = prf(Ni | Nr, g^ir), and all SK_ keys from it. */
export function deriveIkeKeys(input: IkeKeyInput): IkeKeys {
  const { prf, ni, nr, shared } = input;
  return expand(prf.compute(concat(ni, nr), shared), input);
}

/**
 * RFC 7296 §2.18: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr) with the PRF of the IKE SA that is
 * rekeyed; all that follows is by the algorithms of the new one.
 */
export function deriveRekeyedKeys(input: IkeKeyInput, old: { prf: Prf; skD: Uint8Array }): IkeKeys {
  const { ni, nr, shared } = input;
  return expand(old.prf.compute(old.skD, shared, ni, nr), input);
}

function expand(skeyseed: Uint8Array, input: IkeKeyInput): IkeKeys {
  const { prf, cipher, ni, nr } = input;
  const seed = concat(ni, nr, input.spiInitiator, input.spiResponder);
  const { keyLength: e, integrityKeyLength: a } = cipher;
  const p = prf.keyLength;
  const lengths = [p, a, a, e, e, p, p];
  const [skD, skAi, skAr, skEi, skEr, skPi, skPr] = split(
    prfPlus(prf, skeyseed, seed, sum(lengths)),
    lengths,
  ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  return {
    skD,
    initiator: { encryption: skEi, integrity: skAi },
    responder: { encryption: skEr, integrity: skAr },
    skPi,
    skPr,
  };
}

export interface ChildKeyInput {
  prf: Prf;
  skD: Uint8Array;
  /** Nonces of the exchange that makes this Child SA. */
  ni: Uint8Array;
  nr: Uint8Array;
  /** g^ir of a CREATE_CHILD_SA exchange with a KE payload; absent for the first Child SA. */
  shared?: Uint8Array;
}

/** Keys of one direction of a Child SA, before they get the kernel's names. */
export interface DirectionKeys {
  encryption: Uint8Array;
  integrity: Uint8Array;
}

/**
 * RFC 7296 §2.17: KEYMAT, taken first for the SA from initiator to responder, and within each SA
 * first for encryption. The initiator is that of the exchange that makes this Child SA.
 */
export function deriveChildKeys(
  input: ChildKeyInput,
  encryptionLength: number,
  integrityLength: number,
): { fromInitiator: DirectionKeys; fromResponder: DirectionKeys } {
  const lengths = [encryptionLength, integrityLength, encryptionLength, integrityLength];
  const seed = concat(input.shared ?? new Uint8Array(0), input.ni, input.nr);
  const keymat = prfPlus(input.prf, input.skD, seed, sum(lengths));
  const [ei, ai, er, ar] = split(keymat, lengths) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  return {
    fromInitiator: { encryption: ei, integrity: ai },
    fromResponder: { encryption: er, integrity: ar },
  };
}

export interface AuthOctetsInput {
  prf: Prf;
  /** The signer's own first message of IKE_SA_INIT (the one that was answered), whole. */
  message: Uint8Array;
  /** The other side's nonce, without payload header. */
  peerNonce: Uint8Array;
  /** SK_pi for the initiator's AUTH, SK_pr for the responder's. */
  skP: Uint8Array;
  /** The signer's identity. */
  identity: Identity;
}

/** RFC 7296 §2.15: message | nonce of the other | prf(SK_p, RestOfIDPayload). */
export function authOctets(input: AuthOctetsInput): Uint8Array {
  const { identity } = input;
  const restOfId = concat(Uint8Array.of(identity.type, 0, 0, 0), identity.data);
  return concat(input.message, input.peerNonce, input.prf.compute(input.skP, restOfId));
}
