/**
 * A peer has proven itself in IKE_AUTH: is it one that AutoVPN deals with, and what has it shown? This
 * looks at every way of proof, also where no certificate was judged before.
 */
import { equal } from '../../../core/bytes/bytes.js';
import type { ProvenPeer } from '../../../core/ike/credentials.js';
import { IdType } from '../../../core/ike/identity.js';
import type { IpAddress } from '../../../core/net/address.js';
import { parseCertificate } from '../../../core/pki/certificate.js';
import type { TrustOptions } from '../trust/options.js';
import type { Met } from '../trust/table.js';
import type { Trust } from '../trust/trust.js';

export type Admission =
  | { ok: true; met: Omit<Met, 'contact'>; newFingerprint?: string }
  | { ok: false; why: string };

const refuse = (why: string): Admission => ({ ok: false, why });

/** The certificate that it has shown, in the very name of its identity (AV-A43). */
function shownBy({ certificate, identity }: ProvenPeer) {
  const parsed = certificate && parseCertificate(certificate);
  return parsed?.ok && equal(parsed.value.subject, identity.data) ? parsed.value : undefined;
}

export function admit(
  trust: Trust,
  options: Pick<TrustOptions, 'secretRollover'>,
  peer: ProvenPeer,
  address: IpAddress,
): Admission {
  const { identity, proof } = peer;
  if (identity.type !== IdType.ID_DER_ASN1_DN) return refuse('its identity is no DN (AV-A31)');
  const shown = shownBy(peer);
  if (proof === 'secret') return bySecret(trust, options, peer, shown?.fingerprint, address);
  if (proof !== 'certificate' && proof !== 'unverified certificate')
    return refuse('it has not shown a certificate (AV-101)');
  if (!shown) return refuse('its identity is not the very name in its certificate');
  const isVouchedFor = proof === 'certificate';
  const { subject: name, fingerprint } = shown;
  const judged = trust.judge({ name, fingerprint }, isVouchedFor, address);
  return judged.ok ? { ok: true, met: { name, fingerprint, address, isVouchedFor } } : judged;
}

function bySecret(
  trust: Trust,
  { secretRollover }: Pick<TrustOptions, 'secretRollover'>,
  { identity }: ProvenPeer,
  fingerprint: string | undefined,
  address: IpAddress,
): Admission {
  const peer = trust.table.find(identity.data);
  if (!peer?.secret) return refuse('there is no shared secret with it any more');
  const { name } = peer;
  const isNew = fingerprint !== undefined && fingerprint !== peer.fingerprint;
  if (isNew && trust.isRevoked(fingerprint)) return refuse('its certificate is revoked');
  // The secret vouches for it; without rollover the old one stays what is known
  const met = { name, fingerprint: peer.fingerprint, address, isVouchedFor: false };
  const judged = trust.judge(met, false);
  if (!judged.ok) return judged;
  return isNew && secretRollover
    ? { ok: true, met: { ...met, fingerprint }, newFingerprint: fingerprint }
    : { ok: true, met };
}
