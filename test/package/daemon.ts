/**
 * The daemon's end of the control socket without a kernel: the real server and the real report, of
 * connections that are made up. `node daemon.mjs SOCKET NUMBER-OF-CONNECTIONS`; says `ready`.
 */
import { ControlRefusal } from '../../src/core/control/protocol.js';
import { createControlServer } from '../../src/core/control/server.js';
import { silentLogger } from '../../src/core/log.js';
import { address } from '../../src/core/net/address.js';
import { SocketNetwork } from '../../src/core/net/socket-network.js';
import { createNodePlatform } from '../../src/core/platform/node/node-platform.js';
import type { Connection } from '../../src/core/policy/connection.js';
import { statusReport } from '../../src/daemon/status-report.js';

const platform = createNodePlatform();
const [socket, count] = platform.argv;

const connection = (number: number) =>
  ({
    ...{ state: 'clear', wan: 'wan', class: 'oe-permissive', untilMs: 0 },
    why: 'no record, "quoted" and <b>marked</b>, for a test that likes long sentences of a stranger',
    source: address('198.18.1.1'),
    destination: address(`198.19.${number >> 8}.${number & 255}`),
  }) as unknown as Connection;
const connections = Array.from({ length: Number(count) }, (_, number) => connection(number));

await createControlServer(
  {
    network: new SocketNetwork(platform),
    files: platform.files,
    timers: platform.timers,
    log: silentLogger,
  },
  socket!,
  {
    status: ({ limit }) =>
      statusReport({
        ...{ version: 'test', nowSeconds: 1_800_000_000, nowMs: 0, startedSeconds: 0, ike: {} },
        ...{ kernel: { use: () => Promise.reject(new Error('none')) }, wans: [], warnings: [] },
        ...{ resolver: { servers: [], validates: 'unknown' }, connections },
        ...(typeof limit === 'number' ? { limit } : {}),
      }),
    forget: (request) => ({ forgotten: request.address === '198.19.0.1' ? 1 : 0 }),
    'autovpn-distrust': (request) => ({ got: request }),
    rekey: (request) => {
      throw new ControlRefusal(`no tunnel; ike is ${String(request.ike)}`);
    },
  },
);
platform.print('ready\n');
