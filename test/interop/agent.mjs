// Our end of a cell: the agent (agent.ts) under qjs, and questions to it.
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

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

  ask(command, more = {}) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.socket);
      let text = '';
      socket.setEncoding('utf8').on('data', (part) => {
        text += part;
        if (text.endsWith('\n')) socket.end();
      });
      socket.once('error', reject);
      socket.once('close', () => {
        const answer = JSON.parse(text || '{"error":"the agent does not answer"}');
        if (answer.ok) return resolve(answer.result);
        const unknown = /^unknown: (.*)|^(no command .*)/.exec(answer.error);
        if (unknown) reject(new NotKnownToUs(unknown[1] ?? unknown[2]));
        else reject(new Error(`${command}: ${answer.error}`));
      });
      socket.write(`${JSON.stringify({ command, ...more })}\n`);
    });
  }

  log() {
    return this.program.log();
  }

  stop() {
    return this.program.stop();
  }
}
