// The vocabulary of scenarios: one built lab with its routers, hosts, name server and captures.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { reverseName } from './net/addresses.mjs';
import { Capture, clearPackets, isBetween, isEsp } from './net/capture.mjs';
import { eventually, Machine, sleep } from './net/machine.mjs';
import { startResolver, useResolver, warmResolver } from './net/resolver.mjs';
import { Router } from './net/router.mjs';
import { published, servesZones, serveZones } from './net/zones.mjs';
import { buildTopology, defaults, removeTopology } from './topology.mjs';

/** Milliseconds in which packets that are under way arrive everywhere (20 ms round trip). */
const settleMs = 300;

export class Lab {
  /** `folder`: for files and logs, removed by `remove`. `report`: gets `{ ok, name, detail }`. */
  constructor({ folder, parts, topology = {}, report, tell = () => {} }) {
    this.machine = new Machine(folder);
    this.parts = parts;
    this.options = { ...defaults, ...topology };
    this.report = report;
    this.tell = tell;
    this.routers = {};
  }

  async build() {
    const { machine, options } = this;
    this.network = await buildTopology(machine, options);
    for (const site of Object.values(this.network.sites))
      this.routers[site.router] = new Router(machine, site, this.parts);
    this.tell('network is up');
    await this.#startNames();
    this.tell('names are served');
    await this.#startWebServers();
    this.tell('built');
  }

  async #startNames() {
    const { machine, options, network, parts } = this;
    const kinds = { alice: 'txt', bob: 'txt', ...options.records };
    const texts = await Promise.all(
      Object.values(network.sites).map((site) => this.#linesOf(site, kinds[site.host])),
    );
    this.tell('records are made');
    const tampered = Object.values(network.sites)
      .filter((site) => kinds[site.host] === 'bogus')
      .flatMap((site) => [4, 6].map((family) => reverseName(publicAddress(site, family))));
    const names = {
      ns: network.singles.dns[4].address,
      alice: this.address('alice'),
      bob: this.address('bob'),
      carol: this.address('carol'),
    };
    await serveZones(machine, parts.keyFolder, { lines: texts.flat(), names, tampered });
    const server = network.singles.dns[4].address;
    await servesZones(machine, server);
    this.tell('name server answers');
    const starts = Object.values(network.sites).map((site) => {
      useResolver(site.router, '127.0.0.1');
      useResolver(site.host, site[4].lanGateway);
      return startResolver(machine, site, parts.keyFolder, server);
    });
    await Promise.all(starts);
    this.tell('resolvers run');
    await Promise.all(Object.keys(network.sites).map((name) => warmResolver(machine, name)));
    await this.setNameServer(options.nameServer);
  }

  /** What the site publishes: always the router's own keys, and its host's records as `kind` says. */
  async #linesOf(site, kind) {
    const { extra } = this.options;
    const clients = site.isMasqueraded ? [site[6].host] : [site[4].host, site[6].host];
    if (extra[site.host]) clients.push(site[4].lan);
    const text = await this.routers[site.router].records(clients);
    return published(text, kind);
  }

  async #startWebServers() {
    const { sites } = this.network;
    const hosts = [...Object.values(sites).map((site) => site.host), 'carol'];
    const start = async (host) => {
      const folder = path.join(this.machine.folder, `www-${host}`);
      await this.machine.run(undefined, [
        ...['sh', '-c', 'mkdir -p "$1" && echo "Hello from $2" > "$1/index.html"'],
        ...['sh', folder, host],
      ]);
      const argv = ['busybox', 'httpd', '-f', '-p', '[::]:80', '-h', folder];
      this.machine.start(host, `web-${host}`, argv);
      const question = ['curl', '-s', '-o', '/dev/null', '--max-time', '1', 'http://127.0.0.1/'];
      await eventually(async () => (await this.machine.exec(host, question)).status === 0);
    };
    await Promise.all(hosts.map(start));
  }

  /** 'well', 'silent' (drops questions) or 'slow' (half a second more for each answer). */
  async setNameServer(manner) {
    const run = (...argv) => this.machine.run('dns', argv);
    await this.machine.exec('dns', ['nft', 'delete', 'table', 'inet', 'silence']);
    await this.machine.exec('dns', ['tc', 'qdisc', 'del', 'dev', 'eth0', 'root']);
    if (manner === 'silent')
      await this.machine.run('dns', ['nft', '-f', '-'], {
        input: `table inet silence { chain input { type filter hook input priority 0;
          udp dport 53 drop; tcp dport 53 drop; }; }`,
      });
    if (manner === 'slow')
      await run('tc', 'qdisc', 'add', 'dev', 'eth0', 'root', 'netem', 'delay', '500ms');
  }

  /** Ends every program that was started, and takes the network away. */
  async remove() {
    await this.machine.stopAll();
    await removeTopology(this.machine);
    if (!process.env.LAB_KEEP) rmSync(this.machine.folder, { recursive: true, force: true });
  }

  // --- addresses

  /** Under which address the world knows a host: a masqueraded one by that of its router. */
  address(name, family = this.options.family) {
    const single = this.network.singles[name];
    if (single) return single[family].address;
    const sites = Object.values(this.network.sites);
    const site = sites.find((each) => each.host === name || each.router === name);
    if (site.router === name) return site[family].wan;
    return publicAddress(site, family);
  }

  /** The two addresses that an eavesdropper would see of this pair, if nothing were encrypted. */
  pair(from, to) {
    return [this.address(from), this.address(to)];
  }

  /** The n-th extra address of a host. */
  extraAddress(name, index) {
    return this.address(name).replace(/\d+$/, String(100 + index));
  }

  // --- actions

  async start(router, configuration) {
    await this.routers[router].start(configuration);
    this.tell(`daemon of ${router} is ready`);
  }

  stop(router) {
    return this.routers[router].stop();
  }

  status(router) {
    return this.routers[router].status();
  }

  /** Fetches a page: `{ ok, connectMs, totalMs, body, error }`. `options`: address, timeoutSeconds. */
  async connect(from, to, options = {}) {
    const address = options.address ?? this.address(to);
    const host = address.includes(':') ? `[${address}]` : address;
    const format = '\\n%{time_connect} %{time_total} %{http_code}';
    const limit = String(options.timeoutSeconds ?? 20);
    const argv = ['curl', '-sS', '--max-time', limit, '-w', format, `http://${host}/`];
    const { status, stdout, stderr } = await this.machine.exec(from, argv);
    const [body, numbers = ''] = stdout.split(/\n(?=[^\n]*$)/);
    const [connect, total] = numbers.split(' ').map((text) => Number(text) * 1000);
    this.tell(`${from} asked ${address}: status ${status} after ${total.toFixed(0)} ms`);
    return {
      ok: status === 0,
      connectMs: connect,
      totalMs: total,
      body: body.trim(),
      error: stderr.trim(),
    };
  }

  /** Gives `{ sent, received }`. */
  async ping(from, to, { count = 1, intervalSeconds = 0.2, waitSeconds = 5, address } = {}) {
    const target = address ?? this.address(to);
    const argv = [
      'ping',
      '-q',
      '-n',
      '-c',
      count,
      '-i',
      intervalSeconds,
      '-W',
      waitSeconds,
      target,
    ];
    const { stdout } = await this.machine.exec(from, argv);
    const match = /(\d+) packets transmitted, (\d+) received/.exec(stdout);
    return { sent: Number(match?.[1] ?? 0), received: Number(match?.[2] ?? 0) };
  }

  /** Records what passes: on the way into the Internet from A by default. */
  capture(namespace = 'internet', device = namespace === 'internet' ? 'wan-a' : 'eth0') {
    return Capture.start(this.machine, namespace, device);
  }

  settle(ms = settleMs) {
    return sleep(ms);
  }

  // --- checks; each begins with the IDs of the requirements it proves

  check(name, condition, detail = '') {
    this.report({ ok: Boolean(condition), name, detail: condition ? '' : String(detail) });
    return Boolean(condition);
  }

  /** No packet of the pair that an eavesdropper could read. */
  assertNoClearPacket(name, capture, pair) {
    const clear = clearPackets(capture.packets(), pair);
    const seen = clear
      .slice(0, 3)
      .map((each) => `${each.source} > ${each.destination} ${each.protocol}`);
    return this.check(
      name,
      clear.length === 0,
      `${clear.length} clear packets: ${seen.join('; ')}`,
    );
  }

  /** ESP both ways between the two gateways. */
  assertEsp(name, capture, [one, other]) {
    const esp = capture.packets().filter((each) => isEsp(each) && isBetween(each, [one, other]));
    const there = esp.filter((each) => each.source === one).length;
    const back = esp.length - there;
    return this.check(name, there > 0 && back > 0, `${there} ESP packets there, ${back} back`);
  }
}

function publicAddress(site, family) {
  return family === 4 && site.isMasqueraded ? site[4].wan : site[family].host;
}
