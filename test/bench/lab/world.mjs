// The lab's network, filled for the bench: alice – sga – Internet – sgb – bob with 20 ms round trip,
// and many gateway addresses, so that each new tunnel can begin with IKE_SA_INIT.
//
//   bob's n-th address    TXT record that names the n-th address of sgb as gateway; there are less
//                         gateways than hosts, so later hosts share those of the first ones
//   sgb's n-th address    IPSECKEY without gateway: it is its own (libreswan knows no other kind)
//   carol's n-th address  nothing
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { reverseName } from '../../lab/net/addresses.mjs';
import { askControl } from '../../lab/net/control.mjs';
import { eventually, Machine } from '../../lab/net/machine.mjs';
import { startResolver, useResolver, warmResolver } from '../../lab/net/resolver.mjs';
import { Router } from '../../lab/net/router.mjs';
import { servesZones, serveZones } from '../../lab/net/zones.mjs';
import { buildTopology, defaults, removeTopology } from '../../lab/topology.mjs';

/** What one run may use up; the addresses are .100 and up. */
const gateways = 40;
const hosts = 140;
const strangers = 20;

export class World {
  constructor({ folder, parts, tell }) {
    this.machine = new Machine(folder);
    this.parts = parts;
    this.tell = tell;
    this.routers = {};
    this.programs = {};
    this.used = { gateway: 0, host: 0, stranger: 0 };
  }

  async build() {
    const { machine, parts } = this;
    const extra = { bob: hosts, carol: strangers };
    this.network = await buildTopology(machine, { ...defaults, extra });
    await this.#addGateways();
    for (const site of Object.values(this.network.sites))
      this.routers[site.router] = new Router(machine, site, parts);
    this.tell('network is up');
    await this.#startNames();
    for (const where of ['bob', 'sgb', 'carol']) await this.#startWebServer(where);
    this.tell('names and pages are served');
  }

  async #addGateways() {
    const lines = this.#numbers(gateways).map((n) => `address add ${this.gateway(n)}/24 dev wan\n`);
    await this.machine.run('sgb', ['ip', '-batch', '-'], { input: lines.join('') });
    const all = (count, address) => this.#numbers(count).map(address);
    await Promise.all([
      this.#knows(
        'internet',
        'wan-b',
        'sgb',
        'wan',
        all(gateways, (n) => this.gateway(n)),
      ),
      this.#knows(
        'sgb',
        'lan',
        'bob',
        'eth0',
        all(hosts, (n) => this.hostOfBob(n)),
      ),
      this.#knows(
        'internet',
        'to-carol',
        'carol',
        'eth0',
        all(strangers, (n) => this.stranger(n)),
      ),
    ]);
  }

  /** ARP shall not be measured. */
  async #knows(namespace, device, owner, ofDevice, addresses) {
    const link = await this.machine.run(owner, ['ip', '-o', 'link', 'show', 'dev', ofDevice]);
    const [, mac] = /link\/ether (\S+)/.exec(link);
    const lines = addresses.map((to) => `neigh replace ${to} lladdr ${mac} dev ${device}\n`);
    await this.machine.run(namespace, ['ip', '-batch', '-'], { input: lines.join('') });
  }

  #numbers(count) {
    return Array.from({ length: count }, (_, index) => index);
  }

  async #startNames() {
    const { machine, parts, network } = this;
    const server = network.singles.dns[4].address;
    const lines = await this.#records();
    await serveZones(machine, parts.keyFolder, { lines, names: { ns: server }, tampered: [] });
    await servesZones(machine, server);
    for (const site of Object.values(network.sites)) {
      useResolver(site.router, '127.0.0.1');
      useResolver(site.host, site[4].lanGateway);
      const program = await startResolver(machine, site, parts.keyFolder, server);
      this.programs[`resolver ${site.router}`] = program;
    }
    await this.warmResolvers();
  }

  warmResolvers() {
    return Promise.all(Object.keys(this.routers).map((name) => warmResolver(this.machine, name)));
  }

  /** Zone file lines, made of what the routers themselves say is to be published. */
  async #records() {
    const { sga, sgb } = this.network.sites;
    const [ofA, ofB] = await Promise.all([
      this.routers.sga.records([sga[4].host]),
      this.routers.sgb.records([sgb[4].host]),
    ]);
    const bob = textOf(recordOf(ofB, 'TXT', sgb[4].host));
    const bobs = this.#numbers(hosts).map((n) => {
      const text = bob.replace(`=${sgb[4].wan} `, `=${this.gateway(n % gateways)} `);
      return `${reverseName(this.hostOfBob(n))}. IN TXT ${inStrings(text)}`;
    });
    const owners = [
      ...this.#numbers(gateways).map((n) => [this.gateway(n), ofB, sgb[4].wan]),
      [sgb[4].wan, ofB, sgb[4].wan],
      [sga[4].wan, ofA, sga[4].wan],
    ];
    const ipseckeys = owners.map(([owner, text, of]) => {
      const key = recordOf(text, 'IPSECKEY', of).trim().split(/\s+/).at(-1);
      return `${reverseName(owner)}. IN IPSECKEY 10 0 2 . ${key}`;
    });
    return [recordOf(ofA, 'TXT', sga[4].host), ...bobs, ...ipseckeys];
  }

  async #startWebServer(host) {
    const folder = path.join(this.machine.folder, `www-${host}`);
    mkdirSync(folder);
    await this.machine.run(undefined, ['sh', '-c', `echo ${host} > ${folder}/index.html`]);
    const argv = ['busybox', 'httpd', '-f', '-p', '[::]:80', '-h', folder];
    this.machine.start(host, `web-${host}`, argv);
    const question = ['busybox', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1/'];
    await eventually(async () => (await this.machine.exec(host, question)).status === 0);
  }

  async remove() {
    await this.machine.stopAll();
    await removeTopology(this.machine);
  }

  // --- addresses

  gateway(n) {
    return `198.19.2.${100 + n}`;
  }
  hostOfBob(n) {
    return `198.18.2.${100 + n}`;
  }

  stranger(n) {
    return `198.18.3.${100 + n}`;
  }

  /** A destination that nobody asked for yet, behind a gateway that nobody asked for yet … */
  freshHost() {
    const n = this.used.host++;
    if (n >= gateways) throw new Error(`world: all ${gateways} gateways are used`);
    return this.hostOfBob(n);
  }
  /** … or behind the n-th gateway that was used … */
  neighbourHost(n) {
    return this.hostOfBob(gateways + n);
  }
  /** … or any host behind any gateway, `count` of them … */
  manyHosts(count) {
    return this.#numbers(count).map((n) => this.hostOfBob(gateways + n));
  }
  /** … or one that is its own gateway … */
  freshGateway() {
    return this.gateway(gateways - 1 - this.used.gateway++);
  }
  /** … or one without records. */
  freshStranger() {
    return this.stranger(this.used.stranger++);
  }

  // --- actions

  /** Milliseconds from the first SYN to the connection, as the sender sees it; undefined if none. */
  async connect(from, address, { timeoutSeconds = 20 } = {}) {
    const format = '%{time_connect}';
    const argv = ['curl', '-s', '-o', '/dev/null', '--max-time', timeoutSeconds, '-w', format];
    const before = await this.repeatedSegments(from);
    const { status, stdout } = await this.machine.exec(from, [...argv, `http://${address}/`]);
    const repeated = (await this.repeatedSegments(from)) - before;
    return { ok: status === 0, ms: Number(stdout) * 1000, repeated };
  }

  /** TCP segments that a host sent again; with the SYN alone on the way, those are SYNs. */
  async repeatedSegments(from) {
    const text = await this.machine.run(from, ['cat', '/proc/net/snmp']);
    const [names, values] = text.split('\n').filter((line) => line.startsWith('Tcp:'));
    return Number(values.split(' ')[names.split(' ').indexOf('RetransSegs')]);
  }

  /** One request to a daemon's control socket. */
  control(router, request) {
    return askControl(this.routers[router].socket, request);
  }

  /** The resolvers on both routers forget all but the zones' keys. */
  async chillResolvers() {
    for (const router of Object.keys(this.routers)) {
      const program = this.programs[`resolver ${router}`];
      const before = program.log().split('start of service').length;
      program.child.kill('SIGHUP');
      await eventually(() => program.log().split('start of service').length > before);
    }
    await this.warmResolvers();
  }

  /** Asks the resolver of a router, so that it knows the answer: `questions` are [type, address]. */
  async prime(router, questions) {
    const words = questions.map(([type, address]) => `${type} ${reverseName(address)}`);
    const script = 'for q; do drill -D @127.0.0.1 $q > /dev/null & done; wait';
    await this.machine.run(router, ['sh', '-c', script, 'sh', ...words]);
  }
}

function recordOf(text, type, address) {
  const start = `${reverseName(address)}. `;
  const isWanted = (line) => line.startsWith(start) && line.includes(` ${type} `);
  const line = text.replaceAll('\t', ' ').split('\n').find(isWanted);
  if (!line) throw new Error(`records: no ${type} of ${address} in\n${text}`);
  return line;
}

/** Text of a TXT record on a zone file line. */
const textOf = (line) => [...line.matchAll(/"([^"]*)"/g)].map(([, part]) => part).join('');

/** A character string has 255 bytes at most (RFC 1035 §3.3). */
const inStrings = (text) =>
  text
    .match(/.{1,255}/g)
    .map((part) => `"${part}"`)
    .join(' ');
