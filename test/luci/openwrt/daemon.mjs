// A stand-in for the daemon at the other end of the control socket, and for the command line: they say what
// the scene has. rpcd, its plugin and what carries requests to the socket are the real ones.
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

/** The answer of a program that prints JSON, as a script for the tree. */
function writeProgram(tree, scene) {
  for (const name of ['records', 'check'])
    writeFileSync(path.join(tree, `tmp/${name}.json`), JSON.stringify(scene[name]));
  const file = path.join(tree, 'usr/sbin/autoipsec');
  writeFileSync(file, '#!/bin/sh\ncat "/tmp/$1.json"\n');
  chmodSync(file, 0o755);
}

/** Listens in `tree`; `requests` collects what was asked, without the looks. */
export async function startDaemon(tree, scene) {
  writeProgram(tree, scene);
  const requests = [];
  const server = createServer((client) => {
    let text = '';
    client.on('error', () => undefined);
    client.on('data', (data) => {
      text += data;
      if (!text.endsWith('\n')) return;
      const request = JSON.parse(text);
      const method = request.command.replace(/^autovpn-/, '');
      if (!['status', 'peers', 'own'].includes(method))
        requests.push({ ...request, command: method });
      client.end(`${JSON.stringify({ ok: true, result: scene[method] })}\n`);
    });
  });
  const socket = path.join(tree, 'var/run/autoipsec/control.sock');
  await new Promise((resolve) => server.listen(socket, resolve));
  return { requests, scene, stop: () => server.close() };
}
