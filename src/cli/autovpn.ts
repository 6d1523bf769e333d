/** `autoipsec autovpn …`: the peers that AutoVPN has met, and what a person decides about them. */
import type { ControlRequest } from '../core/control/protocol.js';
import type { OwnReport, PeerReport } from '../plugins/autovpn/trust/commands.js';
import type { AutovpnCommand } from './arguments.js';
import { askDaemon } from './ask-daemon.js';
import { ownText, peersText } from './autovpn-text.js';
import type { CliContext, ExitStatus } from './context.js';

/** What the daemon is asked, and what is said when it has done it. */
function requestOf(command: AutovpnCommand): ControlRequest {
  const { action } = command;
  switch (action) {
    case 'trust':
      return { command: 'autovpn-trust', peer: command.peer, fingerprint: command.fingerprint };
    case 'distrust': {
      const { peer, reason } = command;
      return { command: 'autovpn-distrust', peer, ...(reason ? { reason } : {}) };
    }
    case 'forget':
      return { command: 'autovpn-remove', peer: command.peer };
    case 'promote':
      return { command: 'autovpn-secret', peer: command.peer };
    default:
      return { command: `autovpn-${action}` };
  }
}

const ended = (result: unknown): string => {
  const count = (result as { ended?: number }).ended ?? 0;
  return count === 0 ? '' : `; ${count} tunnel${count === 1 ? '' : 's'} with it ended`;
};

function textOf(command: AutovpnCommand, result: unknown): string {
  switch (command.action) {
    case 'peers':
      return peersText((result as { peers: readonly PeerReport[] }).peers);
    case 'own':
      return ownText(result as OwnReport);
    case 'trust':
      return 'it is Trusted now\n';
    case 'distrust':
      return `it is Untrusted now, and kept out${ended(result)}\n`;
    case 'forget':
      return `all that was learned of it is forgotten${ended(result)}; a shared secret has to go on the other side too\n`;
    case 'promote':
      return 'there is a shared secret with it now: it lasts until both sides forget each other\n';
  }
}

export async function autovpn(context: CliContext, command: AutovpnCommand): Promise<ExitStatus> {
  const asked = await askDaemon(context, requestOf(command));
  if (!asked.ok) {
    const isOff = asked.why.includes("no command 'autovpn-");
    context.complain(isOff ? "plugin 'autovpn' is not on at any WAN" : asked.why);
    return 1;
  }
  const isJson = 'json' in command && command.json;
  context.print(
    isJson ? `${JSON.stringify(asked.result, undefined, 2)}\n` : textOf(command, asked.result),
  );
  return 0;
}
