/** The one entry of the program: platform and network for the command line, then its exit status. */
// First: the crypto libraries look for a random source when they load
import './core/platform/qjs/qjs-random.js';
import { runCommandLine } from './cli/commands.js';
import { complain, type Machine, machineContext } from './cli/machine.js';
import { silentLogger } from './core/log.js';
import { SocketNetwork } from './core/net/socket-network.js';
import { createQjsPlatform } from './core/platform/qjs/qjs-platform.js';
import { createKernel } from './daemon/parts.js';
import { runDaemon } from './daemon/run.js';

const platform = createQjsPlatform();
const network = new SocketNetwork(platform);
const version = __VERSION__;
const machine: Machine = {
  platform,
  network,
  version,
  kernel: (settings) => createKernel(settings, platform, network, silentLogger),
};

runCommandLine(
  {
    version,
    print: (text) => platform.print(text),
    complain: complain(platform),
    context: (locations) => machineContext(machine, locations),
    daemon: (options) => runDaemon({ platform, network, ...options }),
  },
  platform.argv,
).then((status) => {
  platform.sockets.stop();
  platform.exit(status);
});
