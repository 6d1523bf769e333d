/**
 * Does an authority that we trust vouch for a certificate (RFC 5280 §6)? The other certificates of the
 * peer may stand between. There are no certificate policies and no name constraints here: who has the
 * latter is refused when it is read. Revocation is not asked for.
 */
import type { Certificate } from './certificate.js';
import { isSignedBy } from './certificate.js';
import { KeyUsage } from './certificate-extensions.js';
import { formatTime } from './der-time.js';
import { formatName, isEmptyName, sameName } from './distinguished-name.js';

/** Authorities between a peer and a trusted one; more is no company but an attack on our time. */
const MAX_DEPTH = 4;
/** Signatures that are looked at for one peer. */
const MAX_CHECKS = 12;

/** A router without a battery starts in the past: no clock is right that shows less than this. */
const LEAST_CLOCK = Date.UTC(2025, 0) / 1000;

export type ChainResult =
  /** The trusted authority at its end; the certificate itself where that is trusted. */
  { ok: true; authority: Certificate } | { ok: false; why: string };

/** What the time has against a certificate. */
export function outOfTime(certificate: Certificate, nowSeconds: number): string | undefined {
  const { notBefore, notAfter } = certificate;
  if (nowSeconds > notAfter) return `it ended at ${formatTime(notAfter)}`;
  if (nowSeconds >= notBefore) return undefined;
  return nowSeconds < LEAST_CLOCK
    ? `our clock says ${formatTime(nowSeconds)}, which is wrong: set it (NTP) first`
    : `it begins at ${formatTime(notBefore)}`;
}

/** What keeps a certificate from signing another one, with `below` authorities under it. */
function unfitAuthority(one: Certificate, below: number, nowSeconds: number): string | undefined {
  if (!one.isAuthority) return 'it is no authority';
  if (one.keyUsage !== undefined && !(one.keyUsage & KeyUsage.keyCertSign))
    return 'it may not sign certificates';
  if (one.pathLength !== undefined && below > one.pathLength)
    return `${below} authorities below it, ${one.pathLength} allowed`;
  return outOfTime(one, nowSeconds);
}

/** RFC 4945 §5.1.3.12: ipsecIKE, and what certificates of gateways have had before it. */
const purposes: readonly string[] = [
  '551d2500', // anyExtendedKeyUsage
  '2b06010505070311', // ipsecIKE
  '2b06010505070301', // serverAuth
  '2b06010505070302', // clientAuth
  '2b06010505070305', // ipsecEndSystem
  '2b06010505070306', // ipsecTunnel
  '2b06010505070307', // ipsecUser
  '2b06010505080202', // iKEIntermediate
];

/** What keeps a certificate from proving a peer of IKE, whoever vouches for it. */
export function unfitForIke(one: Certificate, nowSeconds: number): string | undefined {
  const signs = KeyUsage.digitalSignature | KeyUsage.nonRepudiation;
  if (one.keyUsage !== undefined && !(one.keyUsage & signs))
    return 'its key may not sign (RFC 4945 §5.1.3.2)';
  if (one.extendedKeyUsage && !one.extendedKeyUsage.some((purpose) => purposes.includes(purpose)))
    return 'it is not for IPsec (RFC 4945 §5.1.3.12)';
  return outOfTime(one, nowSeconds);
}

const isIssuedBy = (one: Certificate, issuer: Certificate): boolean =>
  !isEmptyName(issuer.subject) &&
  sameName(one.issuer, issuer.subject) &&
  (!one.authorityKeyId || !issuer.subjectKeyId || one.authorityKeyId === issuer.subjectKeyId);

/** Finds a way from `leaf` over some of `others` up to one of `authorities`. */
export function checkChain(
  leaf: Certificate,
  others: readonly Certificate[],
  authorities: readonly Certificate[],
  nowSeconds: number,
): ChainResult {
  const isTrusted = (one: Certificate) =>
    authorities.some(({ fingerprint }) => fingerprint === one.fingerprint);
  const wrong = unfitForIke(leaf, nowSeconds);
  if (wrong) return { ok: false, why: `certificate of ${formatName(leaf.subject)}: ${wrong}` };
  if (isTrusted(leaf)) return { ok: true, authority: leaf };
  const reasons: string[] = [];
  let checks = 0;

  /** `path`: from the leaf up to the one whose issuer is looked for. */
  function climb(path: readonly Certificate[]): Certificate | undefined {
    const one = path.at(-1)!;
    const candidates = [...authorities, ...others.filter((other) => !isTrusted(other))];
    for (const issuer of candidates.filter((candidate) => isIssuedBy(one, candidate))) {
      if (path.includes(issuer) || checks === MAX_CHECKS) continue;
      const name = formatName(issuer.subject);
      const unfit = unfitAuthority(issuer, path.length - 1, nowSeconds);
      if (unfit) reasons.push(`authority ${name}: ${unfit}`);
      if (unfit) continue;
      checks++;
      if (!isSignedBy(one, issuer.key)) {
        reasons.push(`authority ${name} has not signed ${formatName(one.subject)}`);
        continue;
      }
      const found = isTrusted(issuer)
        ? issuer
        : path.length <= MAX_DEPTH
          ? climb([...path, issuer])
          : undefined;
      if (found) return found;
    }
    return undefined;
  }

  const authority = climb([leaf]);
  if (authority) return { ok: true, authority };
  const why = reasons.join('; ') || `issuer ${formatName(leaf.issuer)} is not trusted`;
  return { ok: false, why: `certificate of ${formatName(leaf.subject)}: ${why}` };
}
