/** What a person should look at while the service runs. */
import type { StatusReport } from '../core/control/status.js';
import { RecordType, type Resolver } from '../core/dns/resolver.js';
import type { PolicyWan } from '../core/policy/wan.js';

type Validates = StatusReport['resolver']['validates'];

/** Whether the resolver checks DNSSEC signatures. */
export class Validation {
  state: Validates = 'unknown';

  constructor(private readonly resolver: Pick<Resolver, 'lookup'>) {}

  /** Asks again while it is not known: at boot the line may not be up yet. Does not wait. */
  refresh(): void {
    if (this.state !== 'unknown') return;
    // The root zone is signed: who validates says so about its SOA record
    void this.resolver.lookup('.', RecordType.SOA).then((answer) => {
      if (answer.kind !== 'failed') this.state = answer.status === 'secure' ? 'yes' : 'no';
    });
  }
}

export function warnings(wans: readonly PolicyWan[], validates: Validates): string[] {
  const found: string[] = [];
  if (wans.length === 0) found.push('no WAN is up; nothing is encrypted');
  for (const wan of wans)
    if (wan.addresses.length === 0) found.push(`WAN ${wan.name} has no address`);
  for (const [i, wan] of wans.entries()) {
    const first = wans.slice(0, i).find((each) => each.device === wan.device);
    if (first)
      found.push(`WAN ${wan.name} has the device of ${first.name}, and goes by its settings`);
  }
  if (validates === 'no')
    found.push(
      'the resolver does not check DNSSEC signatures: encryption is safe from listeners, not from whoever can forge DNS answers',
    );
  return found;
}
