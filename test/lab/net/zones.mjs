// The zones of the lab: what the routers' own `autoipsec records` prints, changed as a scenario
// wants, signed with ldns, served by nsd.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zones } from './addresses.mjs';
import { eventually } from './machine.mjs';

/** Seconds that answers, and the absence of one (SOA MINIMUM), may be remembered. */
const ttl = 300;
const minimum = 60;

const header = (zone) => `$ORIGIN ${zone}.
$TTL ${ttl}
@ IN SOA ns.${zones.names}. hostmaster.${zones.names}. 1 3600 600 86400 ${minimum}
@ IN NS ns.${zones.names}.
`;

/** What a host may publish: how its records and its gateway's come out of what the product prints. */
export const publications = {
  /** TXT with the key in it; KEY for the gateway itself. */
  txt: { keeps: ['TXT', 'KEY'], change: (line) => line },
  /** TXT without key: the gateway's KEY has it. */
  key: { keeps: ['TXT', 'KEY'], change: withoutKey },
  ipseckey: { keeps: ['IPSECKEY'], change: (line) => line },
  /** A delegation that nobody can read. */
  malformed: { keeps: ['TXT'], change: garbled },
  /** Well-formed, and its signature is wrong: see `tamper`. */
  bogus: { keeps: ['TXT', 'KEY'], change: (line) => line },
  none: { keeps: [], change: (line) => line },
};

const typeOf = (line) => /\sIN\s+(\w+)\s/.exec(line)?.[1];

/** The lines of `autoipsec records` that `kind` publishes, as it publishes them. */
export function published(text, kind) {
  const { keeps, change } = publications[kind];
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';') && keeps.includes(typeOf(line)))
    .map((line) => (typeOf(line) === 'TXT' ? change(line) : line));
}

/** `"X-IPsec-Server(10)=198.19.2.5 AQM…" "…"` to its part before the key. */
function withoutKey(line) {
  const [owner, gateway] = /^(.*?)"(X-IPsec-Server\S+)\s/.exec(line).slice(1);
  return `${owner}"${gateway}"`;
}

function garbled(line) {
  return `${line.slice(0, line.indexOf('"'))}"X-IPsec-Server(10)=not-an-address !!!"`;
}

/** Writes, signs and serves. `lines`: zone file lines of all reverse zones; `names`: host → address. */
export async function serveZones(machine, keyFolder, { lines, names, tampered }) {
  const texts = {
    [zones.reverse4]: lines.filter((line) => ownerOf(line).endsWith('.in-addr.arpa.')),
    [zones.reverse6]: lines.filter((line) => ownerOf(line).endsWith('.ip6.arpa.')),
    [zones.names]: Object.entries(names).map(
      ([name, address]) => `${name} IN ${address.includes(':') ? 'AAAA' : 'A'} ${address}`,
    ),
  };
  const files = Object.entries(texts).map(([zone, own]) => [
    zone,
    `${header(zone)}${own.join('\n')}\n`,
  ]);
  files.push(['.', rootZone(keyFolder, names.ns)]);
  const signings = files.map(([zone, text]) => {
    writeFileSync(zoneFile(machine.folder, zone), text);
    return sign(machine, keyFolder, zone, tampered);
  });
  await Promise.all(signings);
  const file = path.join(machine.folder, 'nsd.conf');
  writeFileSync(file, nsdConfiguration(machine.folder));
  const program = machine.start('dns', 'nsd', ['nsd', '-d', '-c', file]);
  await program.says(/nsd started/);
  return program;
}

/** Delegates the other zones, with a DS record for each: the resolvers trust the root's key alone. */
function rootZone(keyFolder, address) {
  const ns = `ns.${zones.names}.`;
  const delegations = Object.values(zones).flatMap((zone) => [
    `${zone}. IN NS ${ns}\n`,
    ...zoneKeys(keyFolder, zone).map((key) => readFileSync(`${key}.ds`, 'utf8')),
  ]);
  return `$ORIGIN .
$TTL ${ttl}
. IN SOA ${ns} hostmaster.${zones.names}. 1 3600 600 86400 ${minimum}
. IN NS ${ns}
${delegations.join('')}${ns} IN A ${address}
`;
}

/** The root has a name that no file can have. */
const zoneFile = (folder, zone) => path.join(folder, zone === '.' ? 'root' : zone);

const ownerOf = (line) => line.split(/\s/)[0].replace(/\.?$/, '.');

/** Base names of the key files of a zone, made by prepare.mjs. */
export function zoneKeys(keyFolder, zone) {
  return readdirSync(keyFolder)
    .filter((name) => name.startsWith(`K${zone.replace(/\.?$/, '.')}+`) && name.endsWith('.key'))
    .map((name) => path.join(keyFolder, name.slice(0, -'.key'.length)));
}

/** Signed zones by what they were made from: most scenarios publish the same. */
const signedTexts = new Map();

async function sign(machine, keyFolder, zone, tampered) {
  const file = zoneFile(machine.folder, zone);
  const source = readFileSync(file, 'utf8');
  if (!signedTexts.has(source)) {
    const keys = zoneKeys(keyFolder, zone);
    await machine.run(undefined, ['ldns-signzone', '-f', `${file}.signed`, file, ...keys]);
    signedTexts.set(source, readFileSync(`${file}.signed`, 'utf8'));
  }
  writeFileSync(`${file}.signed`, tamper(signedTexts.get(source), tampered));
}

/** Makes the signatures over TXT and IPSECKEY records of these owners wrong. */
function tamper(text, owners) {
  return text
    .split('\n')
    .map((line) => {
      const isMeant = owners.some((owner) => line.startsWith(`${owner}.`));
      if (!isMeant || !/\sRRSIG\s+(TXT|IPSECKEY)\s/.test(line)) return line;
      // the last field is the signature: another character in its middle, whatever stands there
      return line.replace(/(.)(.{20})$/, (_, character, end) => {
        return `${character === 'A' ? 'B' : 'A'}${end}`;
      });
    })
    .join('\n');
}

function nsdConfiguration(folder) {
  const served = ['.', ...Object.values(zones)].map(
    (zone) => `zone:\n  name: "${zone}"\n  zonefile: "${zoneFile(folder, zone)}.signed"\n`,
  );
  return `server:
  ip-address: 0.0.0.0
  ip-address: ::0
  username: ""
  zonesdir: "${folder}"
  pidfile: ""
  database: ""
  xfrdfile: ""
  zonelistfile: "${folder}/zone.list"
  xfrdir: "${folder}"
  server-count: 1
  verbosity: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
${served.join('')}`;
}

/** Whether the name server answers; it reads its zones before. */
export function servesZones(machine, address) {
  const argv = ['drill', '-Q', `@${address}`, 'SOA', zones.reverse4];
  return eventually(async () => (await machine.exec('dns', argv)).stdout.trim() !== '');
}
