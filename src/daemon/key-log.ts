/**
 * The key log (option `key_log`): files of the runtime folder that Wireshark and tshark read as they
 * are, with `WIRESHARK_CONFIG_DIR` set to their folder. Whoever reads them reads all traffic.
 */
import { fromUtf8, utf8 } from '../core/bytes/text.js';
import type { KeyLog, KeyTable } from '../core/ike/key-log.js';
import type { Logger } from '../core/log.js';
import type { Files } from '../core/platform/platform.js';

const tables: readonly KeyTable[] = ['ikev2_decryption_table', 'esp_sa'];

/** Lines of one table that are kept, the newest ones: some 100 kB of a router's memory. */
export const KEPT_LINES = 400;

/** Beside the control socket. */
export const runtimeFolderOf = (socketPath: string): string =>
  socketPath.slice(0, Math.max(socketPath.lastIndexOf('/'), 0));

const folderIn = (runtimeFolder: string): string => `${runtimeFolder}/wireshark`;

export const keyLogWarning = (runtimeFolder: string): string =>
  `key_log is on: the keys of all tunnels are written to ${folderIn(runtimeFolder)}, and whoever reads them there can read the traffic`;

/** Opens the log where it is wanted; where it is not, takes away what an earlier run has left. */
export function openKeyLog(
  files: Files,
  runtimeFolder: string,
  isWanted: boolean,
  log: Logger,
): KeyLog | undefined {
  const folder = folderIn(runtimeFolder);
  if (!isWanted) {
    for (const table of tables)
      if (files.list(folder).includes(table)) files.remove(`${folder}/${table}`);
    return undefined;
  }
  files.makeFolder(folder, 0o700);
  // tunnels that an earlier run has made may go on
  const lines = new Map(tables.map((table) => [table, readLines(files, `${folder}/${table}`)]));
  return {
    write(table, line) {
      const kept = [...lines.get(table)!, line].slice(-KEPT_LINES);
      lines.set(table, kept);
      try {
        files.writeAtomic(`${folder}/${table}`, utf8(`${kept.join('\n')}\n`), 0o600);
      } catch (error) {
        log.error(`key log: ${String(error)}`);
      }
    },
  };
}

function readLines(files: Files, path: string): string[] {
  const content = files.read(path);
  return content ? fromUtf8(content).split('\n').filter(Boolean) : [];
}
