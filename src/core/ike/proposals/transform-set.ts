/** The transforms of one proposal by type, as far as we understand them (RFC 7296 §3.3.6). */
import { TransformType } from '../crypto/transforms.js';
import type { Proposal, Transform } from '../payloads/sa.js';

/** Transform attribute type "Key Length" (RFC 7296 §3.3.5), the only one there is. */
export const KEY_LENGTH = 14;

/** A transform whose attributes we understand. */
export interface KnownTransform {
  type: number;
  id: number;
  keyBits?: number;
}

/** RFC 7296 §3.3.6: a transform with an attribute that is not understood is not acceptable. */
export function understand(transform: Transform): KnownTransform | undefined {
  const { type, id, attributes } = transform;
  if (attributes instanceof Uint8Array || attributes.length > 1) return undefined;
  const [attribute] = attributes;
  if (!attribute) return { type, id };
  if (attribute.type !== KEY_LENGTH || typeof attribute.value !== 'number') return undefined;
  return { type, id, keyBits: attribute.value };
}

export const toTransform = ({ type, id, keyBits }: KnownTransform): Transform => ({
  type,
  id,
  attributes: keyBits === undefined ? [] : [{ type: KEY_LENGTH, value: keyBits }],
});

const knownTypes: readonly number[] = Object.values(TransformType);

export class TransformSet {
  readonly #byType = new Map<number, KnownTransform[]>();

  private constructor(transforms: readonly Transform[]) {
    for (const transform of transforms) {
      const known = understand(transform);
      const same = this.#byType.get(transform.type) ?? [];
      this.#byType.set(transform.type, known ? [...same, known] : same);
    }
  }

  /** `undefined` for a proposal with a transform type of the future: it must not be chosen (§3.3.6). */
  static of(proposal: Proposal): TransformSet | undefined {
    const isKnown = proposal.transforms.every(({ type }) => knownTypes.includes(type));
    return isKnown ? new TransformSet(proposal.transforms) : undefined;
  }

  /** True when the proposal names this type at all, also with transforms that we do not know. */
  has(type: number): boolean {
    return this.#byType.has(type);
  }

  of(type: number): readonly KnownTransform[] {
    return this.#byType.get(type) ?? [];
  }

  find(type: number, id: number, keyBits?: number): KnownTransform | undefined {
    return this.of(type).find((one) => one.id === id && one.keyBits === keyBits);
  }

  /** Where a type may be left out: absence and the value 0 (NONE, NO_ESN) say the same. */
  allowsNone(type: number): boolean {
    return !this.has(type) || this.find(type, 0) !== undefined;
  }
}
