// The engine for an OpenWrt architecture, from the same source as the tests use (test/tools/qjs.mjs).
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { downloadSource } from '../test/tools/apt-source.mjs';
import { quickjsFolder } from './feed.mjs';
import { describe, make } from './makefile.mjs';
import { cache } from './toolchain.mjs';

/** Path of a static `qjs`, built when it is missing: two minutes of one core. */
export async function quickjsProgram(architecture, { cc, triplet }) {
  const folder = quickjsFolder;
  const version = describe(folder).Version.replace(/-r\d+$/, '');
  const recipe = createHash('sha256')
    .update(readFileSync(path.join(folder, 'Makefile')))
    .update(cc);
  const name = `quickjs-${architecture}-${recipe.digest('hex').slice(0, 12)}`;
  const program = path.join(cache, name, 'qjs');
  if (existsSync(program)) return program;
  console.error(`building qjs ${version} for ${architecture} from Debian's source package`);
  const archive = downloadSource('quickjs', version, path.join(cache, 'quickjs'));
  if (!path.basename(archive).includes(version))
    throw new Error(`${path.basename(archive)} is not the version ${version} of the Makefile`);
  const work = path.join(cache, `${name}-${process.pid}`);
  try {
    make(folder, 'compile', {
      ...{ BUILD_DIR: work, PKG_BUILD_DIR: work, SOURCE_ARCHIVE: archive },
      ...{ TARGET_CC: cc, TARGET_CROSS: `${triplet}-` },
      TARGET_CFLAGS: `-Os -ffunction-sections -fdata-sections -ffile-prefix-map=${work}=.`,
      TARGET_LDFLAGS: '-Wl,--gc-sections -s',
    });
    mkdirSync(path.dirname(program), { recursive: true });
    renameSync(path.join(work, 'qjs'), program);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return program;
}
