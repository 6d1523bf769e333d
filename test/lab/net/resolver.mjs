// A validating resolver on a router's own loopback, as an administrator who wants DNSSEC sets it up.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zones } from './addresses.mjs';
import { eventually } from './machine.mjs';
import { zoneKeys } from './zones.mjs';

/** Starts unbound in the router's namespace; LAN hosts may ask it too. */
export async function startResolver(machine, site, keyFolder, nameServer) {
  const file = path.join(machine.folder, `unbound-${site.router}.conf`);
  // the lab's name server is the root too: no question leaves for the real ones
  const hints = path.join(machine.folder, 'root.hints');
  writeFileSync(hints, `. 3600 NS ns.${zones.names}.\nns.${zones.names}. 3600 A ${nameServer}\n`);
  writeFileSync(file, configuration(site, keyFolder, hints));
  const program = machine.start(site.router, `unbound-${site.router}`, [
    'unbound',
    '-d',
    '-c',
    file,
  ]);
  await program.says(/start of service/);
  return program;
}

function configuration(site, keyFolder, hints) {
  const anchors = zoneKeys(keyFolder, '.').map((key) => `  trust-anchor: "${anchor(key)}"`);
  return `server:
  verbosity: 1
  use-syslog: no
  chroot: ""
  username: ""
  pidfile: ""
  directory: "/"
  interface: 127.0.0.1
  interface: ::1
  interface: ${site[4].lanGateway}
  interface: ${site[6].lanGateway}
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  do-not-query-localhost: yes
  num-threads: 1
  minimal-responses: yes
  qname-minimisation: no
  module-config: "validator iterator"
  trust-anchor-signaling: no
  # each question shall be seen at the name server
  aggressive-nsec: no
  root-hints: "${hints}"
${anchors.join('\n')}
remote-control:
  control-enable: no
`;
}

/** The DNSKEY of a key file on one line, without its comment. */
function anchor(key) {
  return readFileSync(`${key}.key`, 'utf8').split(';')[0].trim().replaceAll('\t', ' ');
}

/** `/etc/resolv.conf` of a namespace, as `ip netns exec` shows it there. */
export function useResolver(namespace, address) {
  mkdirSync(`/etc/netns/${namespace}`, { recursive: true });
  writeFileSync(`/etc/netns/${namespace}/resolv.conf`, `nameserver ${address}\n`);
}

/** Asks once for each zone's SOA, so that keys are known before the time line starts. */
export function warmResolver(machine, router) {
  return Promise.all(
    Object.values(zones).map((zone) =>
      eventually(async () => {
        const argv = ['drill', '-D', '@127.0.0.1', 'SOA', zone];
        return /flags:[^;]* ad/.test((await machine.exec(router, argv)).stdout);
      }),
    ),
  );
}
