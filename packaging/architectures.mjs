// OpenWrt's architectures for which `npm run package` makes programs, and what of Debian builds for
// them. The compilers are Debian's cross compilers; the C library is musl, built with them
// (toolchain.mjs), because theirs is glibc: ten times the size in a static program, and on MIPS with
// instructions of a floating point unit that these routers do not have.

/**
 * `triplet`: of Debian's compiler. `flags`: for every file. `softFloat`: arithmetic without a floating
 * point unit. `emulator`: runs its programs on a machine of another kind, as the weakest processor
 * that the packages are for.
 */
export const architectures = {
  x86_64: {
    triplet: 'x86_64-linux-gnu',
    packages: ['gcc', 'libc6-dev'],
    flags: ['-march=x86-64'],
    emulator: process.arch === 'x64' ? [] : ['qemu-x86_64-static'],
  },
  mips_24kc: {
    triplet: 'mips-linux-gnu',
    packages: ['gcc-mips-linux-gnu', 'libc6-dev-mips-cross'],
    flags: ['-march=24kc', '-msoft-float'],
    softFloat: true,
    emulator: ['qemu-mips-static', '-cpu', '24Kc'],
  },
  mipsel_24kc: {
    triplet: 'mipsel-linux-gnu',
    packages: ['gcc-mipsel-linux-gnu', 'libc6-dev-mipsel-cross'],
    flags: ['-march=24kc', '-msoft-float'],
    softFloat: true,
    emulator: ['qemu-mipsel-static', '-cpu', '24Kc'],
  },
  'arm_cortex-a7_neon-vfpv4': {
    triplet: 'arm-linux-gnueabihf',
    packages: ['gcc-arm-linux-gnueabihf', 'libc6-dev-armhf-cross'],
    flags: ['-mcpu=cortex-a7', '-mfpu=neon-vfpv4', '-mfloat-abi=hard'],
    emulator: ['qemu-arm-static', '-cpu', 'cortex-a7'],
  },
  'aarch64_cortex-a53': {
    triplet: 'aarch64-linux-gnu',
    packages: ['gcc-aarch64-linux-gnu', 'libc6-dev-arm64-cross'],
    flags: ['-mcpu=cortex-a53'],
    emulator: ['qemu-aarch64-static', '-cpu', 'cortex-a53'],
  },
};
