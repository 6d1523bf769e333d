/** New keys because an administrator wants them. */
import type { IkeDaemon, Tunnel } from '../ike/daemon.js';
import type { IpAddress } from '../net/address.js';
import type { Connection } from './connection.js';

export interface RekeyReport {
  rekeyed: number;
  /** One sentence for each that has no new keys. */
  failures: readonly string[];
}

/** Tunnels with an address, or with a gateway that has it. */
const tunnelsWith = (connections: readonly Connection[], address: IpAddress): Tunnel[] =>
  connections.flatMap(({ tunnel, source, destination }) =>
    tunnel && [source, destination, tunnel.peer.address].includes(address) ? tunnel : [],
  );

/** `ofIke`: the IKE SAs that carry the tunnels, in the place of the tunnels. */
export async function rekeyByHand(
  ike: Pick<IkeDaemon, 'rekey' | 'rekeyIke'>,
  connections: readonly Connection[],
  address: IpAddress,
  ofIke: boolean,
): Promise<RekeyReport> {
  const tunnels = tunnelsWith(connections, address);
  const carriers = new Map(tunnels.map((tunnel) => [tunnel.ike.spiInitiator, tunnel]));
  const results = await Promise.all(
    ofIke
      ? [...carriers.values()].map((tunnel) => ike.rekeyIke(tunnel))
      : tunnels.map((tunnel) => ike.rekey(tunnel)),
  );
  const failures = results.flatMap((result) => (result.ok ? [] : result.why));
  return { rekeyed: results.length - failures.length, failures };
}
