// AutoVPN and the person: a peer is compared, trusted, promoted and distrusted by commands, and another
// router that comes with its name is refused.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { autovpn, bothEncrypt, noTunnels, talk, tunnelsOf } from '../autovpn.mjs';
import { eventually } from '../net/machine.mjs';
import { Router } from '../net/router.mjs';

/** A command of `autoipsec autovpn`, with `--json` where it has that. */
async function command(router, ...words) {
  const { status, stdout, stderr } = await router.ask('autovpn', ...words);
  return { isDone: status === 0, text: stdout + stderr };
}

const own = async (router) => JSON.parse((await command(router, 'own', '--json')).text);
const peers = async (router) => JSON.parse((await command(router, 'peers', '--json')).text).peers;

const peerOf = async (router, other) => {
  const { name } = await own(other);
  return (await peers(router)).find((each) => each.name === name);
};

/** Carol as her own gateway, with a key of her own and a certificate for it in the name of another one. */
function impostor({ machine, parts }, name) {
  const keyFolder = path.join(machine.folder, 'impostor');
  const folder = path.join(keyFolder, 'carol');
  mkdirSync(folder, { recursive: true });
  const [key, certificate] = ['private-key.pem', 'certificate.pem'].map((file) =>
    path.join(folder, file),
  );
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const subject = ['-subj', `/CN=${name.replace(/^CN=/, '')}`, '-days', '9000'];
  // As our own writer has it: PrintableString
  const config = path.join(folder, 'openssl.cnf');
  writeFileSync(config, '[req]\ndistinguished_name = dn\nstring_mask = default\n[dn]\n');
  const made = spawnSync(
    'openssl',
    ['req', '-x509', '-config', config, ...curve, ...subject, '-keyout', key, '-out', certificate],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(made.stderr);
  const router = new Router(machine, { router: 'carol' }, { ...parts, keyFolder });
  copyFileSync(certificate, path.join(router.folder, 'state', 'certificate.pem'));
  return router;
}

/** Red in a terminal, markup in a page, and backwards from its end on. */
const loudText = 'Söhne \u001b[31m<b>&\u202e.';

export default {
  name: 'AutoVPN: trust, secrets and a conflict',
  requirements: ['AV-3', 'AV-4', 'AV-128', 'AV-139', 'AV-150'],
  topology: {},
  isRare: true,
  async run(lab) {
    const { sga, sgb } = lab.routers;
    const loud = autovpn({ autovpn_contact_details: `the fingerprint: ${loudText}` });
    await Promise.all([lab.start('sga', loud), lab.start('sgb', autovpn())]);
    const call = await talk(lab, 'alice', 'bob');
    lab.check('AV-1 a tunnel', await bothEncrypt(lab));
    await checkContact(lab, sgb);
    await checkTrust(lab, sga, sgb);
    await checkConflict(lab, sga, sgb);
    await checkSecret(lab, sga, sgb);
    await checkDistrust(lab, sga, sgb);
    lab.check('the connection of before goes on', await call.goesOn(5), call.errors());
    await call.stop();
  },
};

/** What a peer says of itself, as a terminal gets it. */
async function checkContact(lab, sgb) {
  const { text } = await command(sgb, 'peers');
  lab.check(
    'AV-156 AV-A42 contact details are plain text: nothing that a terminal obeys, and all else as it is',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    text.includes('Söhne [31m<b>&.') && !/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/.test(text),
    JSON.stringify(text),
  );
}

async function checkTrust(lab, sga, sgb) {
  const { fingerprint } = await own(sga);
  const first = await peerOf(sgb, sga);
  lab.check(
    'AV-4 AV-125 the peer is Unverified, with its fingerprint and what it says',
    first?.state === 'Unverified' &&
      first.fingerprint === fingerprint &&
      first.contact.includes('fingerprint'),
    JSON.stringify(first),
  );
  const wrong = await command(sgb, 'trust', first.id, 'f'.repeat(64));
  const right = await command(sgb, 'trust', first.id, fingerprint.slice(-16));
  lab.check('AV-A35 it needs the right fingerprint', !wrong.isDone && right.isDone, wrong.text);
  const [tunnel] = await tunnelsOf(lab, 'sgb');
  lab.check(
    'AV-3 AV-4 AV-128 it is Trusted, and so is its tunnel',
    (await peerOf(sgb, sga)).state === 'Trusted' && tunnel?.peer.trust === 'fingerprint',
    JSON.stringify(tunnel?.peer),
  );
}

async function checkSecret(lab, sga, sgb) {
  const made = await command(sgb, 'promote', (await peerOf(sgb, sga)).id);
  const both = [await peerOf(sgb, sga), await peerOf(sga, sgb)];
  lab.check(
    'AV-139 AV-146 a shared secret, begun by the responder',
    made.isDone && both.every((each) => each.hasSecret),
    made.text,
  );
}

/** Another router comes with the name of SG-A, and a key of its own. */
async function checkConflict(lab, sga, sgb) {
  const before = await peerOf(sgb, sga);
  const sgc = impostor(lab, before.name);
  await sgc.start(autovpn({ device: 'eth0' }));
  const call = await talk(lab, 'carol', 'bob');
  const isAlarmed = await eventually(
    async () => (await lab.status('sgb')).warnings.some((line) => /another certificate/.test(line)),
    90_000,
  );
  const after = await peerOf(sgb, sga);
  lab.check(
    'AV-150 a router with a name that is taken is refused, with an alarm',
    isAlarmed &&
      after.conflict.fingerprint === (await own(sgc)).fingerprint &&
      after.fingerprint === before.fingerprint &&
      after.state === before.state,
    JSON.stringify(after),
  );
  lab.check('and its host goes on in clear', await call.goesOn(5), call.errors());
  await call.stop();
  await sgc.stop();
}

async function checkDistrust(lab, sga, sgb) {
  const { id } = await peerOf(sgb, sga);
  const done = await command(sgb, 'distrust', id, 'it', 'was', 'not', 'him');
  const areGone = await noTunnels(lab);
  // Behind the tunnel's end in status the kernel is told
  const isEmpty = () => sgb.xfrmStates().then((states) => !/proto esp/.test(states));
  const areOut = await eventually(isEmpty, 10_000);
  lab.check(
    'AV-123 AV-133 AV-134 distrusted, its tunnels are gone on both sides',
    done.isDone && areGone && areOut,
    `${done.text} ${await sgb.xfrmStates()}`,
  );
  const forgotten = await command(sgb, 'forget', id);
  lab.check('AV-118 forgotten, it is Unknown', forgotten.isDone && !(await peerOf(sgb, sga)));
}
