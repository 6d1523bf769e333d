/** Is a certificate in the name of an identity (RFC 7296 §3.5, RFC 4945 §3.1)? */
import { equal } from '../bytes/bytes.js';
import type { Certificate } from '../pki/certificate.js';
import { isEmptyName, sameName } from '../pki/distinguished-name.js';
import {
  type Identity,
  IdType,
  identityFqdn,
  identityMailbox,
  mailbox,
  plainName,
} from './identity.js';

type Rule = (certificate: Certificate, identity: Identity) => boolean;

const sameAddress: Rule = ({ addresses }, { data }) =>
  addresses.some((address) => equal(address, data));

/** The common name never stands for the name of a host (RFC 4945 §3.1.2), nor does a wildcard. */
const rules: Readonly<Record<number, Rule>> = {
  [IdType.ID_IPV4_ADDR]: sameAddress,
  [IdType.ID_IPV6_ADDR]: sameAddress,
  [IdType.ID_FQDN]: ({ dnsNames }, identity) =>
    dnsNames.some((name) => plainName(name) === identityFqdn(identity)),
  [IdType.ID_RFC822_ADDR]: ({ emails }, identity) =>
    emails.some((email) => mailbox(email) === identityMailbox(identity)),
  [IdType.ID_DER_ASN1_DN]: ({ subject }, { data }) =>
    !isEmptyName(subject) && sameName(subject, data),
};

/** False for identities of other types: nothing binds them to a certificate. */
export const isInNameOf = (certificate: Certificate, identity: Identity): boolean =>
  rules[identity.type]?.(certificate, identity) ?? false;
