// One cell of the matrix: a row with a peer and a role, from the first message to a clean end.
import { eventually, sleep } from '../lab/net/machine.mjs';
import { NotKnownToUs } from './agent.mjs';
import { subjectOf } from './certificates.mjs';
import { addresses, behindNat, inner } from './net.mjs';
import { usual } from './rows.mjs';
import { ciphers, groups, preSharedKey, prfs } from './words.mjs';

/** For what must come about; a peer that does things in its own time may want more. */
const patienceMs = 20_000;
/** In which both ends surely begin with what they are told to at once. */
const oneWayMs = 1000;

/**
 * Row with all that it leaves to the usual, and who is where. `role` is ours. `espCipher`: where the
 * row names no cipher.
 */
export function plan(row, role, keys, espCipher = usual.cipher) {
  const cell = { ...usual, espCipher: row.cipher ?? espCipher, ...row, role };
  const isHidden = (name) => cell.nat && (name === 'us') === (role === 'initiator');
  const end = (name, method) => {
    const own = isHidden(name) ? behindNat[name].address : addresses[cell.family][name];
    const { [name]: pair, authorities } = keys[method] ?? {};
    const key = pair && { ...pair, ...(authorities && { authorities }) };
    return {
      /** What it binds to, and what the other side sends to. */
      address: own,
      seen: isHidden(name) ? behindNat[name].seen : own,
      inner: cell.mode === 'tunnel' && !cell.isOpportunistic ? inner[cell.innerFamily][name] : own,
      identity: identityOf(name, method, cell.identity, { address: own, key }),
      key,
    };
  };
  return { ...cell, us: end('us', cell.auth[0]), peer: end('peer', cell.auth[1]) };
}

/** `{ kind, text }`; each end has one of every kind. */
function identityOf(name, method, kind, { address, key }) {
  if (method === 'NULL') return { kind: 'none', text: '' };
  const text = {
    address,
    name: `${name}.lab.example`,
    mail: `${name}@lab.example`,
    subject: subjectOf(name, method),
    'key ID': `key-of-${name}`,
  }[kind];
  return { kind, text, ...(kind === 'subject' && { certificate: key.chain[0] }) };
}

/** One end's way to prove itself, as the agent takes it. */
function way(method, key) {
  if (method === 'PSK') return { kind: 'secret', secret: preSharedKey };
  if (method === 'NULL') return { kind: 'null' };
  if (key.authorities)
    return {
      kind: 'certificate',
      key: key.private,
      chain: key.chain,
      authorities: key.authorities,
    };
  const padding = { RSA: 'pkcs1', 'RSA-PSS': 'pss' }[method];
  return { kind: 'key', key: key.private, ...(padding && { rsaPadding: padding }) };
}

export function agentConfig(
  { us, peer, auth, cipher, espCipher, prf, group, ourGroups, mode, esn, cookieBy, livenessMs },
  keyLogFolder,
) {
  return {
    local: us.address,
    remote: peer.seen,
    ours: us.inner,
    theirs: peer.inner,
    ownId: us.identity,
    peerId: peer.identity,
    own: way(auth[0], us.key),
    peer: way(auth[1], peer.key),
    keyLogFolder,
    ...(cipher !== 'default' && {
      ikeCipher: ciphers[cipher].ike,
      prf: prfs[prf].ours,
      group: groups[group].ours,
      esp: ciphers[espCipher].esp,
    }),
    asksForCookies: cookieBy === 'us',
    ...(ourGroups && { groups: ourGroups.map((each) => groups[each].ours) }),
    mode,
    esn,
    livenessMs,
  };
}

/** Gives `{ verdict: 'ok' | 'fails' | 'unknown', why }`. Never rejects. */
export async function tryCell(cell, tools) {
  const { peer } = tools;
  const unknown = peer.unknown(cell);
  if (unknown) return { verdict: 'unknown', why: `${unknown} is not known to ${peer.name}` };
  const one = new Cell(cell, tools);
  try {
    await one.run();
    return { verdict: 'ok', why: '' };
  } catch (error) {
    if (error instanceof NotKnownToUs) return { verdict: 'waits', why: error.message };
    return { verdict: 'fails', why: error.message };
  } finally {
    await one.leave();
  }
}

class Cell {
  constructor(cell, { agent, peer, machine, keyLogFolder }) {
    Object.assign(this, { cell, agent, peer, machine, keyLogFolder });
  }

  async run() {
    const { cell, agent, peer } = this;
    // libreswan calls anew after a delete; once it has forgotten, our fresh daemon knows of no such call
    this.mark = agent.log().length;
    await peer.load(cell);
    await agent.configure(agentConfig(cell, this.keyLogFolder));
    if (cell.role === 'initiator') await agent.ask('connect');
    else await peer.initiate(cell);
    await this.isUp();
    await this.passes('after the set-up');
    if (cell.fragments) await this.cameInFragments();
    if (cell.cookieBy) await this.hadCookie();
    if (cell.isChildless) check(/CREATE_CHILD_SA/.test(this.saidByUs()), 'the Child SA came early');
    for (const step of cell.steps) await this.step(step);
  }

  async cameInFragments() {
    const { counters } = await this.agent.ask('status');
    check(counters['fragments received'] > 0, 'no message of the peer came in fragments');
  }

  async hadCookie() {
    if (this.cell.cookieBy === 'us') {
      const { counters } = await this.agent.ask('status');
      check(counters['cookies demanded'] > 0, 'we asked for no cookie');
    } else check(/cookie/.test(this.saidByUs()), 'the peer asked for no cookie');
  }

  saidByUs() {
    return this.agent.log().slice(this.mark);
  }

  async isUp() {
    const isThere = async () => (await this.agent.ask('status')).tunnels.length > 0;
    if (!(await eventually(isThere))) throw new Error('no tunnel on our side');
    const [tunnel] = (await this.agent.ask('status')).tunnels;
    const kernel = this.cell.cipher !== 'default' && ciphers[this.cell.espCipher].kernel;
    check(!kernel || tunnel.esp === kernel, `ESP is ${tunnel.esp}, not ${kernel}`);
    check(tunnel.mode === this.cell.mode, `the mode is ${tunnel.mode}`);
    check(Boolean(tunnel.encapsulation) === this.cell.nat, 'ESP in UDP is not as it should be');
  }

  /** Pings both ways, which the states in our kernel count. */
  async passes(when) {
    const { us, peer } = this.cell;
    const before = await this.packets();
    await Promise.all([
      this.ping('us', us.inner, peer.inner, when),
      this.ping('peer', peer.inner, us.inner, when),
    ]);
    const after = await this.packets();
    // one that has gone meanwhile takes its counts with it
    if (isAnyGone(before, after)) return this.passes(when);
    const [sent, got] = ['out', 'in'].map((way) => growth(before[way], after[way]));
    check(sent >= 2 && got >= 2, `${when}: ${sent} ESP packets sent, ${got} received`);
  }

  async ping(from, source, target, when, seconds = 10) {
    const argv = ['ping', '-qn', '-c', '1', '-w', `${seconds}`, '-I', source, target];
    // a shell of ip-netns(8) would cost more than the ping
    const { status } = await this.machine.exec(undefined, [
      'nsenter',
      `--net=/run/netns/${from}`,
      ...argv,
    ]);
    check(status === 0, `${when}: no answer to a ping from ${from}`);
  }

  /** Packets that each state of our kernel has seen, by SPI. */
  async packets() {
    const text = await this.xfrm('us', '-s', 'state');
    const seen = { in: new Map(), out: new Map() };
    for (const state of text.split(/^(?=src )/m)) {
      const spi = /\bspi (0x[0-9a-f]+)/.exec(state)?.[1];
      const way = state.startsWith(`src ${this.cell.us.address} `) ? 'out' : 'in';
      if (spi) seen[way].set(spi, Number(/(\d+)\(packets\)/.exec(state)?.[1] ?? 0));
    }
    return seen;
  }

  async step(step) {
    const [, what, who] = /^(.*) by (us|the peer|both at once)$/.exec(step);
    if (what === 'liveness') await this.liveness(who);
    else if (what.startsWith('delete')) await this.delete(what, who);
    else if (what.startsWith('lose')) await this.lose();
    else await this.rekey(what, who);
  }

  async act(what, who) {
    if (who === 'both at once') return this.actAtOnce(what);
    return who === 'us' ? this.agent.ask(what) : this.peer.act(what);
  }

  /** The path is so long that the requests must cross on it. */
  async actAtOnce(what) {
    const mark = this.agent.log().length;
    await this.delay('add');
    try {
      const ends = ['us', 'the peer'].map((who) => this.act(what, who));
      await Promise.all(ends);
      const exchanges = () =>
        this.agent
          .log()
          .slice(mark)
          .match(/CREATE_CHILD_SA re\w+/g) ?? [];
      check(await eventually(() => exchanges().length > 0, patienceMs), 'no exchange was seen');
      check(exchanges()[0].endsWith('request'), 'the requests did not cross');
      await sleep(4 * oneWayMs);
    } finally {
      await this.delay('del');
    }
  }

  delay(verb) {
    const way = (device) => ['tc', '-n', 'net', 'qdisc', verb, 'dev', device, 'root', 'netem'];
    const words = verb === 'add' ? ['delay', `${oneWayMs}ms`] : [];
    const run = (device) => this.machine.run(undefined, [...way(device), ...words]);
    return Promise.all(['to-us', 'to-peer'].map(run));
  }

  async liveness(who) {
    if (who === 'us') {
      check((await this.agent.ask('liveness')) === true, 'the peer did not answer us');
    } else {
      const mark = this.agent.log().length;
      const asked = () => /INFORMATIONAL request/.test(this.agent.log().slice(mark));
      check(await eventually(asked, patienceMs), 'the peer did not ask');
      await sleep(500);
      const { tunnels } = await this.agent.ask('status');
      check(tunnels.length > 0, 'the tunnel is gone after a liveness check of the peer');
    }
    await this.passes('after a liveness check');
  }

  /** A peer may call anew at once: what counts is that the old SAs are gone at both ends. */
  async delete(what, who) {
    const [old, before] = await Promise.all([this.states(), this.peer.established()]);
    await this.act(what, who);
    const isGone = async () => {
      const now = await this.states();
      return !old.some((spi) => now.includes(spi));
    };
    check(await eventually(isGone, patienceMs), 'ESP states stay after the delete');
    const [left, policies] = await Promise.all([
      this.peer.established(),
      this.xfrm('us', 'policy'),
    ]);
    const keeps = (kind) => before[kind].some((each) => left[kind].includes(each));
    const isWhole = what === 'delete IKE SA';
    check(!keeps('child'), 'the peer keeps the Child SA');
    check(!isWhole || !keeps('ike'), 'the peer keeps the IKE SA');
    const isAlone = (await this.states()).length === 0;
    check(!isAlone || !/proto esp/.test(policies), 'policies stay after the delete');
    this.isOver = isWhole && isAlone;
  }

  /** The peer's kernel has lost the tunnel, and its daemon does not know. */
  async lose() {
    const old = (await this.agent.ask('status')).tunnels[0].spiOut;
    await this.machine.run(undefined, ['ip', '-n', 'peer', 'xfrm', 'state', 'flush']);
    const { us, peer } = this.cell;
    const isBack = () =>
      this.ping('us', us.inner, peer.inner, 'after the loss', 1).then(
        () => true,
        () => false,
      );
    check(await eventually(isBack, patienceMs), 'no packet came through after the loss');
    const { tunnels } = await this.agent.ask('status');
    check(tunnels.length === 1 && tunnels[0].spiOut !== old, 'no new keys after the loss');
    await this.passes('after the loss');
  }

  xfrm(name, ...words) {
    const what = words.pop();
    return this.machine.run(undefined, ['ip', '-n', name, ...words, 'xfrm', what]);
  }

  /** SPIs of the ESP states at both ends; what a kernel holds for an acquire has none yet. */
  async states() {
    const both = await Promise.all(['us', 'peer'].map((name) => this.xfrm(name, 'state')));
    const spis = [...both.join('\n').matchAll(/proto esp spi (0x[0-9a-f]+)/g)];
    return spis.map(([, spi]) => spi).filter((spi) => Number(spi) !== 0);
  }

  async rekey(what, who) {
    const kind = what === 'rekey IKE SA' ? 'ike' : 'child';
    const before = await this.peer.established();
    const mark = this.agent.log().length;
    await this.act(what, who);
    const keepsBoth = who === 'both at once' && this.peer.keepsRedundant;
    const isNew = async () => {
      const now = (await this.peer.established())[kind];
      const isOne = keepsBoth ? now.length > 0 : now.length === 1;
      return isOne && !now.some((each) => before[kind].includes(each));
    };
    const patience = this.peer.patienceMs ?? patienceMs;
    check(await eventually(isNew, patience), `${what}: no single new one at the peer`);
    // a peer may help itself with a new IKE SA where a rekeying is refused
    check(!/IKE_AUTH/.test(this.agent.log().slice(mark)), `${what}: it was a reauthentication`);
    if (keepsBoth) await this.isKnownOrGone();
    const isAlone = async () => (await this.agent.ask('status')).tunnels.length === 1;
    check(await eventually(isAlone, patience), `${what}: no single tunnel on our side`);
    await this.passes(`after ${what} by ${who}`);
  }

  /** The peer has dropped the tunnels with the redundant IKE SA: they are made anew once we know. */
  async isKnownOrGone() {
    const isSettled = async () => {
      const [{ ended }, { child }] = await Promise.all([
        this.agent.ask('status'),
        this.peer.established(),
      ]);
      return child.length > 0 || ended.includes('deleted by peer');
    };
    check(await eventually(isSettled, patienceMs), 'the peer has lost the tunnel, and we have it');
    const { ended } = await this.agent.ask('status');
    if (ended.includes('deleted by peer')) await this.agent.ask('connect');
  }

  /** Whatever became of it: the next cell finds nothing of this one. */
  async leave() {
    if (this.isOver) return;
    await this.agent.ask('leave').catch(() => undefined);
    const isClean = async () => {
      const { ike, child } = await this.peer.established();
      return ike.length + child.length === 0;
    };
    if (!(await eventually(isClean, 1000).catch(() => false)))
      await this.peer.forget().catch(() => undefined);
    const input = 'xfrm state flush\nxfrm policy flush\n';
    const flush = (name) =>
      this.machine.exec(undefined, ['ip', '-n', name, '-batch', '-'], { input });
    await Promise.all(['us', 'peer'].map(flush));
  }
}

const isAnyGone = (before, after) =>
  ['in', 'out'].some((way) => [...before[way].keys()].some((spi) => !after[way].has(spi)));

/** How much more the states have seen. */
function growth(before, after) {
  let sum = 0;
  for (const [spi, packets] of after) sum += packets - (before.get(spi) ?? 0);
  return sum;
}

function check(isTrue, why) {
  if (!isTrue) throw new Error(why);
}
