/** Tunnels of a proof: ours through the kernel room, the mirror image on gwb by hand. */
import type { ChildSa, EspKeys } from '../../../src/core/kernel/child-sa.js';
import {
  addStates,
  policyDirections,
  writePolicies,
} from '../../../src/core/kernel/xfrm-commands.js';
import { hostPrefix, type IpAddress, type Prefix } from '../../../src/core/net/address.js';
import { batch, platform } from './site.js';

let nextSpi = 0x1000;

const gcm = (): EspKeys => ({
  kind: 'aead',
  name: 'rfc4106(gcm(aes))',
  key: platform.random(20),
  icvBits: 128,
});

const all = (address: IpAddress) => ({
  prefix: hostPrefix(address),
  protocol: 0,
  startPort: 0,
  endPort: 65535,
});

export interface Ends {
  local: IpAddress;
  remote: IpAddress;
  ours: IpAddress;
  theirs: IpAddress;
}

export function childSa(ends: Ends, more: Partial<ChildSa> = {}): ChildSa {
  return {
    local: ends.local,
    remote: ends.remote,
    mode: 'tunnel',
    inbound: { spi: nextSpi++, keys: gcm() },
    outbound: { spi: nextSpi++, keys: gcm() },
    ours: all(ends.ours),
    theirs: all(ends.theirs),
    softSeconds: 3000,
    hardSeconds: 3600,
    ...more,
  };
}

export const mirrored = (sa: ChildSa): ChildSa => ({
  ...sa,
  local: sa.remote,
  remote: sa.local,
  inbound: sa.outbound,
  outbound: sa.inbound,
  ours: sa.theirs,
  theirs: sa.ours,
  ...(sa.furtherTraffic && {
    furtherTraffic: sa.furtherTraffic.map(({ ours, theirs }) => ({ ours: theirs, theirs: ours })),
  }),
  ...(sa.encapsulation && {
    encapsulation: {
      localPort: sa.encapsulation.remotePort,
      remotePort: sa.encapsulation.localPort,
    },
  }),
});

/**
 * The peer's side: all of it, or one state beside those and the policies that are there. `claims`:
 * what it sends from, when it is not honest.
 */
export async function installAtPeer(
  sa: ChildSa,
  part: 'all' | 'inbound' | 'outbound' = 'all',
  claims?: Prefix,
): Promise<void> {
  const mirror = mirrored(sa);
  const other = claims ? { ...mirror, ours: { ...mirror.ours, prefix: claims } } : mirror;
  const [inbound, outbound] = addStates(other, 7).map((step) => step.command);
  const policies = policyDirections(other).flatMap((each) => writePolicies('add', each, other, 7));
  const commands = {
    all: [inbound, outbound, ...policies],
    inbound: [inbound],
    outbound: [outbound],
  };
  await batch(
    'gwb',
    commands[part].map((each) => each!.line),
  );
}
