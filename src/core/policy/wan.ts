/** A WAN as policy works with it: settings, the addresses of the moment and its plugins. */
import type { WanSettings } from '../config/settings.js';
import type { WanDevice } from '../kernel/kernel.js';
import { familyOf, type IpAddress } from '../net/address.js';
import type { WanPlugins } from './plugins.js';

export interface PolicyWan extends WanDevice {
  readonly settings: WanSettings;
  /** Our addresses on the device; refreshed by the daemon. */
  addresses: readonly IpAddress[];
  readonly plugins: WanPlugins;
}

/** Our outer address towards a gateway: the same family, and the pair's own source if it is ours. */
export function outerAddress(
  wan: PolicyWan,
  gateway: IpAddress,
  source: IpAddress,
): IpAddress | undefined {
  if (familyOf(source) === familyOf(gateway) && wan.addresses.includes(source)) return source;
  return wan.addresses.find((own) => familyOf(own) === familyOf(gateway));
}
