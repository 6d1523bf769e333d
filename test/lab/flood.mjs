// Strangers who call a router: with forged sources, and from real addresses of carol's.

/**
 * Starts both for `seconds`. `rates`: calls a second, `{ forged, real }`. Answers to forged sources
 * end in the Internet, as they mostly do.
 */
export async function forgeFlood({ machine, parts }, { target, rates, seconds, sources }) {
  await machine.run('internet', ['ip', 'route', 'replace', 'blackhole', '10.0.0.0/8']);
  const forge = [parts.flood, 'forge', target, rates.forged, seconds].map(String);
  const echo = [parts.flood, 'echo', target, rates.real, seconds, ...sources].map(String);
  const programs = [
    machine.start('internet', 'flood-forge', forge),
    machine.start('carol', 'flood-echo', echo),
  ];
  await Promise.all(programs.map((program) => program.says(/flood begins/)));
  return { stop: () => Promise.all(programs.map((program) => program.stop('SIGTERM'))) };
}
