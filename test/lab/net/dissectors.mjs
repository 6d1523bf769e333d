// What other people's dissectors make of a capture: tshark and tcpdump.

/** Lines of `fields` of the packets that tshark's `filter` takes; what is there more than once has commas. */
export async function tsharkFields(machine, capture, filter, fields) {
  const argv = ['tshark', '-r', capture.file, '-n', '-Y', filter, '-T', 'fields'];
  argv.push('-E', 'separator=|', ...fields.flatMap((field) => ['-e', field]));
  const text = await machine.run(undefined, argv);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      Object.fromEntries(line.split('|').map((value, index) => [fields[index], value])),
    );
}

/** Objects of ICMP extensions that tcpdump prints, per packet: `251/1 20` is class, type and length. */
export async function tcpdumpObjects(machine, capture, filter) {
  const text = await machine.run(undefined, ['tcpdump', '-n', '-vv', '-r', capture.file, filter]);
  return text
    .split(/\n(?=\d\d:)/)
    .filter((packet) => packet.includes('ICMP'))
    .map((packet) => ({
      isRight: /Multi-Part extension v2, checksum 0x[0-9a-f]+ \(correct\)/.test(packet),
      objects: [...packet.matchAll(/Object \((\d+)\), Class-Type: (\d+), length (\d+)/g)].map(
        ([, type, kind, length]) => `${type}/${kind} ${length}`,
      ),
    }));
}
