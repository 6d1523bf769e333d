// Our end of a cell: the agent (agent.ts) under qjs, and questions to it.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { askControl } from '../lab/net/control.mjs';

/** The product said that it can not do what the cell asks for. */
export class NotKnownToUs extends Error {}

export class Agent {
  constructor(machine, { qjs, agent, broker }) {
    this.machine = machine;
    const folder = path.join(machine.folder, 'agent');
    this.socket = path.join(folder, 'control.sock');
    this.file = path.join(machine.folder, 'cell.json');
    this.argv = [...qjs, agent, this.socket];
    this.env = { AUTOIPSEC_BROKER: broker };
  }

  async start() {
    this.program = this.machine.start('us', 'agent', this.argv, { env: this.env });
    await this.program.says(/agent is ready/, 180_000);
  }

  async configure(config) {
    writeFileSync(this.file, JSON.stringify(config), { mode: 0o600 });
    await this.ask('configure', { file: this.file });
  }

  async ask(command, more = {}) {
    try {
      return await askControl(this.socket, { command, ...more });
    } catch ({ message }) {
      const unknown = /^unknown: (.*)|^(no command .*)/.exec(message);
      if (unknown) throw new NotKnownToUs(unknown[1] ?? unknown[2]);
      throw new Error(`${command}: ${message}`);
    }
  }

  log() {
    return this.program.log();
  }

  stop() {
    return this.program.stop();
  }
}
