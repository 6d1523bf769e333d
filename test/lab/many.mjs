// One packet each to many addresses of a host, all within about a second.

/** Pings the first `count` extra addresses of `to`; gives `{ answered, milliseconds }`. */
export async function pingAll(lab, from, to, count) {
  const addresses = Array.from({ length: count }, (_, index) => lab.extraAddress(to, index));
  const script = 'for a; do ping -q -n -c 1 -W 300 "$a" > /dev/null && echo "$a" & done; wait';
  const begin = Date.now();
  const argv = ['sh', '-c', script, 'sh', ...addresses];
  const { stdout } = await lab.machine.exec(from, argv, { timeoutMs: 310_000 });
  const answered = stdout.split('\n').filter((line) => line !== '').length;
  return { answered, milliseconds: Date.now() - begin };
}
