import { check } from '../../../src/cli/check.js';
import { ownAddressRecords } from '../../../src/cli/publish.js';
import { address } from '../../../src/core/net/address.js';
import { assert, test } from '../../support/test.js';
import { FakeMachine, rsaKey } from './fake-context.js';

for (const status of ['secure', 'insecure'] as const) {
  test(`OE-88 check asks for a signed zone when our records are not vouched for: ${status}`, async () => {
    const machine = new FakeMachine();
    const groups = ownAddressRecords(address('198.18.1.1'), [rsaKey]);
    for (const record of groups.flatMap((each) => each.records))
      machine.publish(`${record.kind} ${record.owner}`, [record.data], status);
    await check(machine.context());
    const isAsked = /have the\s+zone\s+signed/.test(machine.printed);
    assert.is(isAsked, status === 'insecure', machine.printed);
  });
}
