// Finds the Debian kernel to boot: an ordinary one, since the cloud flavour has no 9p.
import { existsSync, readdirSync } from 'node:fs';

/** The newest installed kernel that can mount the host's file system, or undefined. */
export function findKernel() {
  if (!existsSync('/boot')) return undefined;
  const releases = readdirSync('/boot')
    .filter((name) => name.startsWith('vmlinuz-'))
    .map((name) => name.slice('vmlinuz-'.length))
    .filter((release) => existsSync(`/lib/modules/${release}/kernel/fs/9p`))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const release = releases.at(-1);
  if (release === undefined) return undefined;
  return { release, image: `/boot/vmlinuz-${release}` };
}
