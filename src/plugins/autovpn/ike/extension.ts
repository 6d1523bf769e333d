/**
 * AutoVPN in IKE (§8): the nonce that ties an IKE SA to a proven path, Contact Details, exactly one
 * address on each side, and what follows for the table of peers. It touches no other IKE SA.
 */
import type { ClientResult } from '../../../core/ike/daemon.js';
import type {
  Extension,
  ExtensionServices,
  FirstMessage,
  SaView,
  Veto,
} from '../../../core/ike/extension.js';
import type { Payload } from '../../../core/ike/payloads/payload.js';
import type { Logger } from '../../../core/log.js';
import { formatPrefix, hostPrefix, type Prefix } from '../../../core/net/address.js';
import type { Timers } from '../../../core/platform/platform.js';
import { type ClaimedPath, type PathBook, type ProvenPath, pathFact } from '../path.js';
import type { TrustOptions } from '../trust/options.js';
import { nameOf, type Trust } from '../trust/trust.js';
import { type Admission, admit } from './admission.js';
import { notePair, pairIn, wholeHost } from './pair.js';
import { type AutovpnPayloads, longestNonce, shortestNonce } from './payloads.js';
import type { Proofs } from './proofs.js';
import type { Secrets } from './secrets.js';

/** The peer speaks AutoVPN: its Vendor ID came (AV-A8). */
const vendorFact = 'autovpn vendor';
/** What IKE_AUTH of a caller has shown, until our answer is on its way. */
const metFact = 'autovpn met';

/** AV-155 */
const isWaiting = 'the traffic stays clear until somebody has looked at the peer';

type Met = Extract<Admission, { ok: true }> & { contact: string | undefined };

export interface ExtensionParts {
  trust: Trust;
  proofs: Proofs;
  secrets: Secrets;
  paths: PathBook;
  options: TrustOptions;
  payloads: AutovpnPayloads;
  timers: Timers;
  log: Logger;
}

const isPair = (sa: SaView, theirs: Prefix, ours: Prefix): boolean => {
  const pair = pairIn(sa.facts);
  return (
    pair !== undefined &&
    formatPrefix(theirs) === formatPrefix(hostPrefix(pair.theirs)) &&
    formatPrefix(ours) === formatPrefix(hostPrefix(pair.ours))
  );
};

export function createExtension(parts: ExtensionParts): Extension {
  const { trust, proofs, secrets, paths, options, payloads, timers, log } = parts;
  let services: ExtensionServices | undefined;

  /** `undefined`: there is no nonce in it. */
  function claimed({ path, spiInitiator, payloads: sent }: FirstMessage): ClaimedPath | undefined {
    const nonce = payloads.nonceIn(sent);
    if (!nonce) return undefined;
    if (nonce.length < shortestNonce || nonce.length > longestNonce)
      return { ok: false, why: `AutoVPN Nonce of ${nonce.length} octets` };
    return paths.claim(nonce, spiInitiator, path.remote.address);
  }

  /** AV-A28: silence is all that a stranger learns. */
  function admits(first: FirstMessage): Veto {
    const claim = claimed(first);
    if (!claim || claim.ok || options.unknownNonce === 'plain') return undefined;
    return { why: claim.why };
  }

  function begin(sa: SaView, path: ProvenPath): void {
    sa.isAlone = true;
    sa.facts.set(pathFact, path);
    notePair(sa.facts, path.pair);
  }

  /** AV-110: from here on the IKE SA is known to be for this pair. */
  function called(sa: SaView, sent: readonly Payload[]): Veto {
    const { path, spiInitiator } = sa;
    const claim = claimed({ path, spiInitiator, payloads: sent });
    if (!claim) return undefined;
    if (!claim.ok) return options.unknownNonce === 'plain' ? undefined : { why: claim.why };
    begin(sa, claim.path);
    noteVendor(sa, sent);
    const { ours, theirs } = claim.path.pair;
    log.debug(`${path.remote.address} calls for ${theirs} to ${ours}`);
    return undefined;
  }

  function noteVendor(sa: SaView, sent: readonly Payload[]): void {
    if (payloads.hasVendor(sent)) sa.facts.set(vendorFact, 'yes');
  }

  /** AV-40, AV-108: the first message of ours, however often it is repeated (AV-A29). */
  function ourFirst(sa: SaView): Payload[] {
    const path = sa.facts.get(pathFact) as ProvenPath | undefined;
    if (!path) return [];
    begin(sa, path);
    return [payloads.nonce(path.nonceR), payloads.vendor()];
  }

  /** AV-112; only to those who know what it is (AV-A8). */
  const contact = (sa: SaView): Payload[] =>
    sa.facts.get(vendorFact) === 'yes' ? payloads.contact() : [];

  function proven(sa: SaView, sent: readonly Payload[]): Veto {
    const admission = admit(trust, options, sa.peer!, sa.path.remote.address);
    if (!admission.ok) return { why: admission.why };
    const met: Met = { ...admission, contact: payloads.contactIn(sent) };
    sa.facts.set(metFact, met);
    return undefined;
  }

  /** Both ends are proven and have said so: the peer is known from now on (AV-125). */
  function meet(sa: SaView): Veto {
    const met = sa.facts.get(metFact) as Met | undefined;
    sa.facts.delete(metFact);
    if (!met) return { why: 'it was not admitted' };
    const { newFingerprint } = met;
    const known = trust.table.find(met.met.name);
    if (known && newFingerprint) {
      log.info(
        `${nameOf(known)} has a new certificate, SHA-256 ${newFingerprint}; the secret vouches for it`,
      );
      trust.table.rollOver(known, newFingerprint);
    }
    const text = met.contact === undefined ? {} : { contact: met.contact };
    const result = trust.met({ ...met.met, ...text });
    if (!result.ok) return { why: result.why };
    // The probes have shown it on the path of this address
    trust.authorize(met.met.name, pairIn(sa.facts)!.theirs);
    proofs.succeeded(sa.path.remote.address);
    return undefined;
  }

  /** As initiator. */
  function answered(sa: SaView, sent: readonly Payload[]): Veto {
    const veto = proven(sa, sent) ?? meet(sa);
    if (veto) return veto;
    // It is in the table now, for a person to look at
    if (trust.waits(sa.peer!.identity.data)) return { why: isWaiting };
    secrets.established(sa);
    return undefined;
  }

  /** As responder, when the answer is being made. */
  function ourAnswer(sa: SaView): Payload[] {
    const veto = meet(sa);
    if (!veto) secrets.established(sa);
    // Something has changed since it was proven; the IKE SA stands in a moment, and goes then
    else timers.after(0, () => services?.end(sa, veto.why));
    return contact(sa);
  }

  async function authorize(sa: SaView, theirs: Prefix, ours: Prefix): Promise<ClientResult> {
    if (!pairIn(sa.facts)) return { ok: true };
    const met = sa.facts.get(metFact) as Met | undefined;
    if (trust.waits(sa.peer!.identity.data, met?.met.isVouchedFor))
      return { ok: false, why: isWaiting };
    return isPair(sa, theirs, ours)
      ? { ok: true }
      : { ok: false, why: 'it is not the pair of its path (AV-105)' };
  }

  return {
    name: 'autovpn',
    payloadTypes: payloads.types,
    start(given) {
      services = given;
      secrets.start(given);
    },
    admits,
    outgoing(message, sa, asked) {
      if (message === 'IKE_SA_INIT request') return ourFirst(sa);
      if (!pairIn(sa.facts)) return [];
      if (message === 'IKE_SA_INIT response') return [payloads.vendor()];
      if (message === 'IKE_AUTH request') return contact(sa);
      if (message === 'IKE_AUTH response') return ourAnswer(sa);
      return message === 'INFORMATIONAL response' ? secrets.answer(sa, asked) : [];
    },
    incoming(message, sa, sent) {
      if (message === 'IKE_SA_INIT request') return called(sa, sent);
      if (!pairIn(sa.facts)) return undefined;
      if (message === 'IKE_SA_INIT response') noteVendor(sa, sent);
      if (message === 'IKE_AUTH request') return proven(sa, sent);
      if (message === 'IKE_AUTH response') return answered(sa, sent);
      if (message === 'INFORMATIONAL request') secrets.asked(sa, sent);
      return undefined;
    },
    allowedTraffic(sa) {
      const pair = pairIn(sa.facts);
      return (
        pair && {
          ours: [wholeHost(pair.ours)],
          theirs: [wholeHost(pair.theirs)],
          isExact: true,
        }
      );
    },
    authorize,
  };
}
