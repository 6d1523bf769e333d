// Reads .ipk files with tar and gzip, as opkg does, and without a line of what writes them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export function must(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${result.error?.message ?? result.stderr}`);
  return result.stdout;
}

/** `mode owner/group path` of every member, as `tar -tv` tells. */
function members(archive) {
  const lines = must('tar', ['-tvzf', archive, '--numeric-owner']).trim().split('\n');
  return lines.map((line) => {
    const [mode, owner, , , , ...name] = line.split(/\s+/);
    return { mode, owner, name: name.join(' ').replace(/^\.\//, '/') };
  });
}

/** Unpacks into `folder`: the tree into root/, the control files into control/. */
export function unpack(file, folder) {
  for (const name of ['outer', 'control', 'root'])
    mkdirSync(path.join(folder, name), { recursive: true });
  must('tar', ['-xzf', file, '-C', path.join(folder, 'outer')]);
  const outer = (name) => path.join(folder, 'outer', name);
  must('tar', ['-xzpf', outer('control.tar.gz'), '-C', path.join(folder, 'control')]);
  must('tar', ['-xzpf', outer('data.tar.gz'), '-C', path.join(folder, 'root')]);
  const control = (name) => readFileSync(path.join(folder, 'control', name), 'utf8');
  return {
    outer: readdirSync(path.join(folder, 'outer')).sort(),
    format: readFileSync(outer('debian-binary'), 'utf8'),
    controlFiles: members(outer('control.tar.gz')),
    files: members(outer('data.tar.gz')),
    fields: fieldsOf(control('control')),
    control,
    root: path.join(folder, 'root'),
    folder,
  };
}

/** Fields of a control file by name; lines that go on are kept as they are. */
export function fieldsOf(text) {
  const fields = {};
  for (const part of text.trimEnd().split(/\n(?=\S)/)) {
    const at = part.indexOf(': ');
    fields[part.slice(0, at)] = part.slice(at + 2);
  }
  return fields;
}
