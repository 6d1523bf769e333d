// Results of earlier runs, so that a run of some cells replaces these and keeps the others.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const keyOf = ({ peer, role, dimension, what }) => [peer, role, dimension, what].join('|');

export class Record {
  constructor(file) {
    this.file = file;
  }

  read() {
    if (!existsSync(this.file)) return { results: [], captures: {} };
    return JSON.parse(readFileSync(this.file, 'utf8'));
  }

  clear() {
    rmSync(this.file, { force: true });
  }

  add(fresh) {
    const { results, captures } = this.read();
    const all = new Map([...results, ...fresh].map((each) => [keyOf(each), each]));
    this.#write({ results: [...all.values()], captures });
  }

  /** Each is of one run with a peer; the newest counts. */
  addCaptures(fresh) {
    const { results, captures } = this.read();
    this.#write({ results, captures: { ...captures, ...fresh } });
  }

  #write(value) {
    writeFileSync(this.file, JSON.stringify(value, null, 1));
  }
}
