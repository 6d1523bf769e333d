/** All records of this router, from its settings, addresses and keys. */
import type { Settings, WanSettings } from '../core/config/settings.js';
import {
  familyOf,
  formatPrefix,
  type IpAddress,
  type Prefix,
  prefixContains,
} from '../core/net/address.js';
import type { PublicKey } from '../core/pki/public-key.js';
import { neverPeers, privateBlocks } from '../core/policy/exemptions.js';
import type { CliContext } from './context.js';
import {
  clientRecords,
  type Gateway,
  ownAddressRecords,
  ownNameRecords,
  type RecordGroup,
} from './publish.js';

/** Nobody on the Internet can look up or reach such an address. */
export const isPrivate = (value: IpAddress): boolean =>
  [...neverPeers, ...privateBlocks].some((block) => prefixContains(block, value));

export interface OwnRecords {
  groups: RecordGroup[];
  /** Sentences about what has no record and why. */
  notes: string[];
}

function wanRecords(
  wan: WanSettings,
  addresses: readonly IpAddress[],
  keys: readonly PublicKey[],
): OwnRecords {
  if (wan.fqdn) return { groups: ownNameRecords(wan.fqdn, keys), notes: [] };
  const notes = addresses
    .filter(isPrivate)
    .map(
      (each) =>
        `${each} on '${wan.interface}' is a private address: nobody can look up records for it. Give the WAN a name with option fqdn to start tunnels all the same.`,
    );
  if (addresses.length === 0) notes.push(`WAN '${wan.interface}' has no address now.`);
  const groups = addresses
    .filter((each) => !isPrivate(each))
    .flatMap((each) => ownAddressRecords(each, keys));
  return { groups, notes };
}

/** By what a client names this WAN as its gateway: its name, or its addresses of the same family. */
function gatewaysFor(client: Prefix, wan: WanSettings, addresses: readonly IpAddress[]): Gateway[] {
  if (wan.fqdn) return [{ fqdn: wan.fqdn }];
  return addresses
    .filter((each) => !isPrivate(each) && familyOf(each) === familyOf(client.address))
    .map((address) => ({ address }));
}

/** `clients`: hosts and blocks behind this router for which records are wanted too. */
export async function ownRecords(
  context: CliContext,
  settings: Settings,
  keys: readonly PublicKey[],
  clients: readonly Prefix[],
): Promise<OwnRecords> {
  const groups: RecordGroup[] = [];
  const notes: string[] = [];
  const wans = await Promise.all(
    settings.wans.map(async (wan) => {
      const { addresses } = await context.wanState(settings, wan);
      return { wan, addresses };
    }),
  );
  const names = new Set<string>();
  for (const { wan, addresses } of wans) {
    if (wan.fqdn && names.has(wan.fqdn)) continue;
    names.add(wan.fqdn);
    const own = wanRecords(wan, addresses, keys);
    groups.push(...own.groups);
    notes.push(...own.notes);
  }
  for (const client of clients) {
    if (isPrivate(client.address)) {
      notes.push(
        `${formatPrefix(client)} is private: its hosts are hidden behind the router's own address, whose records count for them.`,
      );
      continue;
    }
    const named = wans.flatMap(({ wan, addresses }) => gatewaysFor(client, wan, addresses));
    // Two WANs may show one name
    const gateways = [...new Map(named.map((each) => [JSON.stringify(each), each])).values()];
    if (gateways.length === 0)
      notes.push(`No WAN has an address of the family of ${formatPrefix(client)}.`);
    groups.push(...gateways.flatMap((gateway) => clientRecords(client, gateway, keys)));
  }
  return { groups, notes };
}
