// A router with our daemon on it: its configuration, its start and stop, and what it says.
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { askControl } from './control.mjs';
import { eventually } from './machine.mjs';

/** What `records` printed, by router and clients: the keys are the same in each scenario. */
const printedRecords = new Map();

export class Router {
  /**
   * `parts`: qjs (command words), script, broker, keyFolder (with NAME/private-key.pem), and
   * `site` from addresses.mjs.
   */
  constructor(machine, site, parts) {
    this.machine = machine;
    this.site = site;
    this.name = site.router;
    this.parts = parts;
    this.folder = path.join(machine.folder, this.name);
    this.socket = path.join(this.folder, 'control.sock');
    this.configFile = path.join(this.folder, 'autoipsec');
    const state = path.join(this.folder, 'state');
    mkdirSync(state, { recursive: true, mode: 0o700 });
    copyFileSync(`${parts.keyFolder}/${this.name}/private-key.pem`, `${state}/private-key.pem`);
    this.configure({});
  }

  /** Writes the UCI file. `main`, `wan`: options beyond the usual; `policies`: list of options. */
  configure({ main = {}, wan = {}, policies = [] }) {
    const state = path.join(this.folder, 'state');
    // an emulated and busy machine takes seconds for a handshake: nothing shall go clear for that
    const usual = {
      enabled: '1',
      state_folder: state,
      run_folder: path.join(this.folder, 'run'),
      patience: '30',
    };
    const debug = process.env.LAB_DEBUG ? { log_level: 'debug' } : {};
    const wanUsual = { enabled: '1', interface: 'wan', device: 'wan', plugin: ['oe-dns'] };
    const text = [
      section("autoipsec 'main'", { ...usual, ...debug, ...main }),
      section("wan 'wan'", { ...wanUsual, ...wan }),
      ...policies.map((policy) => section('policy', policy)),
    ].join('\n');
    writeFileSync(this.configFile, text);
  }

  #command(...words) {
    return [
      ...this.parts.qjs,
      this.parts.script,
      ...words,
      '-c',
      this.configFile,
      '-s',
      this.socket,
    ];
  }

  get #env() {
    return { AUTOIPSEC_BROKER: this.parts.broker };
  }

  /** Runs a subcommand to its end: status, stdout, stderr. */
  ask(...words) {
    return this.machine.exec(this.name, this.#command(...words), { env: this.#env });
  }

  /** Zone file lines for the router's addresses and those of `clients`. */
  async records(clients) {
    const question = [this.name, ...clients].join(' ');
    const known = printedRecords.get(question);
    if (known) return known;
    const words = clients.flatMap((client) => ['--for', client]);
    const argv = this.#command('records', '--offline', ...words);
    const text = await this.machine.run(this.name, argv, { env: this.#env });
    printedRecords.set(question, text);
    return text;
  }

  /** Starts the daemon and waits until it answers. */
  async start(configuration = {}) {
    this.configure(configuration);
    this.launch();
    await this.daemon.says(/is ready on/, 60_000);
  }

  /** Starts the daemon without waiting; what becomes of it is in `daemon`. `env`: for it alone. */
  launch(env = {}) {
    const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const argv = ['env', ...words, ...this.#command('daemon')];
    this.daemon = this.machine.start(this.name, `daemon-${this.name}`, argv, { env: this.#env });
    return this.daemon;
  }

  /** As if the power failed: what is in memory is gone, the daemon's and the kernel's. */
  async crash() {
    await this.daemon.stop('SIGKILL');
    rmSync(path.join(this.folder, 'run'), { recursive: true, force: true });
    await this.machine.run(this.name, ['ip', 'xfrm', 'state', 'flush']);
    await this.machine.run(this.name, ['ip', 'xfrm', 'policy', 'flush']);
    await this.machine.run(this.name, ['nft', 'delete', 'table', 'inet', 'autoipsec']);
  }

  /** Gives the daemon's exit status. */
  stop() {
    return this.daemon.stop();
  }

  /** What `autoipsec status --json` prints. */
  async status() {
    try {
      return await askControl(this.socket, { command: 'status' });
    } catch (error) {
      throw new Error(`status of ${this.name}: ${error.message}`);
    }
  }

  async statusText() {
    return (await this.ask('status')).stdout;
  }

  /** The connection to that destination, once it is in `state` (or late: as it is). */
  async connection(destination, state, timeoutMs = 10_000) {
    let found;
    await eventually(async () => {
      const { connections } = await this.status();
      found = connections.find((each) => each.destination === destination);
      return found && (state === undefined || found.state === state);
    }, timeoutMs);
    return found;
  }

  xfrmStates() {
    return this.machine.run(this.name, ['ip', 'xfrm', 'state']);
  }

  xfrmPolicies() {
    return this.machine.run(this.name, ['ip', 'xfrm', 'policy']);
  }

  tables() {
    return this.machine.run(this.name, ['nft', 'list', 'tables']);
  }
}

function section(head, options) {
  const lines = Object.entries(options).flatMap(([name, value]) =>
    Array.isArray(value)
      ? value.map((each) => `\tlist ${name} '${each}'`)
      : [`\toption ${name} '${value}'`],
  );
  return [`config ${head}`, ...lines, ''].join('\n');
}
