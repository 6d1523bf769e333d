/** What `autoipsec --help` prints. */
import { defaultConfigFile } from '../core/config/load.js';
import { defaultSocketPath } from '../core/control/protocol.js';

export const usage = `Encrypts traffic with strangers whose DNS records ask for it.

Usage: autoipsec COMMAND [OPTIONS]

Commands:
  status [--json]      what is encrypted, with whom, and why the rest is not
  check [--json]       is this router ready? Says what to do about what is not
  records [--json] [--offline] [--for ADDRESS]...
                       the DNS records to publish, and what of it is published;
                       --for: also those of a host or block behind this router;
                       --offline: do not look at what is published
  forget ADDRESS       forget what was decided about an address: its next packet
                       starts a fresh look-up
  rekey [--ike] ADDRESS
                       new keys for the tunnels with an address, or with a
                       router; --ike: for what the routers themselves say
  autovpn peers [--json]
                       whom AutoVPN has met, and how far to trust each
  autovpn own [--json] our fingerprint and contact text, for others to compare
  autovpn trust PEER FINGERPRINT
                       you got this fingerprint from the other side itself
  autovpn distrust PEER [REASON]
                       keep it out, with its tunnels
  autovpn forget PEER  forget it: the next meeting is the first one again
  autovpn promote PEER make a shared secret with it: an association for good
  daemon               run in the foreground, as the service does

Options:
  -c, --config FILE    configuration (${defaultConfigFile})
  -s, --socket PATH    control socket (${defaultSocketPath})
  -h, --help           this text
  -V, --version        the version

Exit status: 0 well, 1 something is wrong, 2 the command line is.
`;
