// Results of earlier runs, so that a run of some cells replaces these and keeps the others.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** What tells a cell from others. */
export const cellKey = ({ peer, role, dimension, what }) => [peer, role, dimension, what].join('|');

/** Whether a result needs no other try. */
export const isDone = ({ verdict }) => verdict !== 'fails';

export class Record {
  constructor(file) {
    this.file = file;
  }

  read() {
    return existsSync(this.file) ? JSON.parse(readFileSync(this.file, 'utf8')) : [];
  }

  clear() {
    rmSync(this.file, { force: true });
  }

  add(fresh) {
    const all = new Map([...this.read(), ...fresh].map((each) => [cellKey(each), each]));
    writeFileSync(this.file, JSON.stringify([...all.values()], null, 1));
  }
}
