import { utf8 } from '../../../src/core/bytes/text.js';
import { silentLogger } from '../../../src/core/log.js';
import { FlowOffloading } from '../../../src/daemon/flow-offloading.js';
import { assert, test } from '../../support/test.js';

// as nft 1.0.6 lists it
const listed = `table inet fw4 {
	flowtable ft {
		hook ingress priority filter
		devices = { lan, wan }
	}
}
`;

test('flow offloading is told in the log once, and in status as long as it is on', async () => {
  let output = 'table inet fw4 {\n}\n';
  const lines: string[] = [];
  const offloading = new FlowOffloading({
    processes: { run: async () => ({ status: 0, output: utf8(output), errorOutput: utf8('') }) },
    log: { ...silentLogger, warning: (line: string) => void lines.push(line) },
  });
  await offloading.look();
  assert.equal([offloading.warnings(), lines], [[], []]);
  output = listed;
  await offloading.look();
  await offloading.look();
  assert.is(lines.length, 1);
  assert.match(offloading.warnings()[0] ?? '', /go out in clear/);
  output = '';
  await offloading.look();
  assert.equal(offloading.warnings(), []);
});
