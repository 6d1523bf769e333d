import { aesSpeedOf } from '../../../src/core/kernel/cipher-speed.js';
import { assert, test } from '../../support/test.js';

/** A block of /proc/crypto, with the lines that matter and two that do not. */
const block = (name: string, driver: string, priority = 100): string =>
  `name         : ${name}\ndriver       : ${driver}\nmodule       : kernel\npriority     : ${priority}\nrefcnt       : 1\n`;
const gcm = 'rfc4106(gcm(aes))';

// drivers as kernels name them: arch/*/crypto and crypto/ of Linux
const drivers: [string, boolean][] = [
  ['rfc4106-gcm-aesni', true],
  ['rfc4106-gcm-vaes-avx10_512', true],
  ['rfc4106-gcm-aes-ce', true],
  ['rfc4106(gcm-aes-ce)', true],
  ['rfc4106(gcm_base(ctr-aes-ce,ghash-ce))', true],
  ['rfc4106-gcm-aes-caam', true],
  ['rfc4106(gcm_base(ctr(aes-generic),ghash-generic))', false],
  ['rfc4106(gcm_base(ctr(aes-fixed-time),ghash-generic))', false],
  ['rfc4106(gcm_base(ctr(aes-arm),ghash-generic))', false],
  ['rfc4106(gcm_base(ctr(aes-arm64),ghash-neon))', false],
  ['rfc4106(gcm_base(ctr-aes-neonbs,ghash-neon))', false],
];
for (const [driver, isFast] of drivers)
  test(`cipher speed: ${driver} is ${isFast ? 'fast' : 'slow'}`, () => {
    const text = [block('sha256', 'sha256-generic'), block(gcm, driver)].join('\n');
    assert.equal(aesSpeedOf(text), { isFast, driver });
  });

test('cipher speed: the kernel takes the driver of the highest priority', () => {
  const slow = block(gcm, 'rfc4106(gcm_base(ctr(aes-generic),ghash-generic))', 100);
  const fast = block(gcm, 'rfc4106-gcm-aesni', 400);
  assert.is(aesSpeedOf(`${slow}\n${fast}`)?.isFast, true);
  assert.is(aesSpeedOf(`${fast}\n${slow}`)?.isFast, true);
});

test('cipher speed: not known where nothing was tried, or the file is another', () => {
  assert.is(aesSpeedOf(''), undefined);
  assert.is(aesSpeedOf(block('gcm(aes)', 'generic-gcm-aesni')), undefined);
  assert.is(aesSpeedOf('nonsense\n\n\n:::'), undefined);
});
