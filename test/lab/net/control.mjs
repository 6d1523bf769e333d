// The control socket of a daemon, asked without the start of a command line tool.
import net from 'node:net';

/** Sends one request, `{ command, … }`; gives its result. Rejects with what the daemon said. */
export function askControl(socketFile, request) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketFile);
    let text = '';
    socket.setEncoding('utf8').on('data', (part) => {
      text += part;
      if (text.endsWith('\n')) socket.end();
    });
    socket.once('error', reject);
    socket.once('close', () => {
      const answer = JSON.parse(text || '{"error":"no answer"}');
      if (answer.ok) resolve(answer.result);
      else reject(new Error(answer.error));
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}
