/** Each warning of the daemon has advice of its own in the LuCI app, and not the general one. */

import { address } from '../../../src/core/net/address.js';
import type { PolicyWan } from '../../../src/core/policy/wan.js';
import { warnings } from '../../../src/daemon/health.js';
import { keyLogWarning } from '../../../src/daemon/key-log.js';
import { luciModule } from '../../support/luci.js';
import { assert, test } from '../../support/test.js';

interface Shown {
  what: string;
  todo: string;
}
const app = luciModule<{ fromDaemon(sentence: string): Shown }>('autoipsec.warnings');
const general = app.fromDaemon('a sentence that nobody says').todo;

const wan = (name: string, addresses: string[]) =>
  ({ name, device: 'eth1', addresses: addresses.map(address) }) as unknown as PolicyWan;

const sentences = [
  ...warnings([], 'no'),
  ...warnings([wan('a', ['198.51.100.7']), wan('b', [])], 'yes'),
  keyLogWarning('/var/run/autoipsec'),
];

test('LuCI warnings: whatever the daemon warns of comes with advice of its own', () => {
  assert.ok(sentences.length >= 5);
  for (const sentence of sentences) {
    const { what, todo } = app.fromDaemon(sentence);
    assert.is(what, sentence);
    assert.ok(todo.length > 20 && todo !== general, sentence);
  }
});
