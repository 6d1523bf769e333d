// Serves the app's files and the stand-in for LuCI on a free port of loopback.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { root } from '../tools/dependencies.mjs';

const app = path.join(root, 'luci-app/luci-app-autoipsec/htdocs');
const kinds = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html' };

/** The file of an address, or undefined: only what lies below the two folders. */
function fileOf(address) {
  const name = path.posix.normalize(address);
  if (name === '/') return path.join(root, 'test/luci/stand-in/page.html');
  if (name.startsWith('/luci-static/')) return path.join(app, name);
  if (name.startsWith('/stand-in/')) return path.join(root, 'test/luci', name);
  return undefined;
}

/** Gives the address to open, and a way to stop. */
export async function startServer() {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const file = fileOf(pathname);
    const content = file && (await readFile(file).catch(() => undefined));
    if (!content) return response.writeHead(404).end();
    const kind = kinds[path.extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'Content-Type': `${kind}; charset=utf-8` }).end(content);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}
