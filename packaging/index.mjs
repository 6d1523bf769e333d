// The index of a folder of .ipk files, which makes it a feed for opkg.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** Writes Packages and Packages.gz into `folder`; `packages`: as `writeIpk` gives them. */
export function writeIndex(folder, packages) {
  const entries = packages.map(({ file, control }) => {
    const bytes = readFileSync(file);
    const added = [
      `Filename: ${path.basename(file)}`,
      `Size: ${bytes.length}`,
      `SHA256sum: ${createHash('sha256').update(bytes).digest('hex')}`,
    ];
    return control.replace('Description:', `${added.join('\n')}\nDescription:`);
  });
  const text = `${entries.sort().join('\n')}\n`;
  writeFileSync(path.join(folder, 'Packages'), text);
  writeFileSync(path.join(folder, 'Packages.gz'), gzipSync(text, { level: 9 }));
}
