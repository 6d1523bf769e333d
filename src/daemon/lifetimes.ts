/** The lifetimes of the settings, as the IKE daemon takes them. */
import type { Settings } from '../core/config/settings.js';
import type { IkeDaemonOptions } from '../core/ike/ike-daemon.js';

export const lifetimes = (
  settings: Settings,
): Required<Pick<IkeDaemonOptions, 'lifetime' | 'ikeLifetime'>> => ({
  lifetime: {
    softSeconds: settings.saSoftSeconds,
    hardSeconds: settings.saHardSeconds,
    softBytes: settings.saSoftBytes,
    hardBytes: settings.saHardBytes,
    softPackets: settings.saSoftPackets,
    hardPackets: settings.saHardPackets,
  },
  ikeLifetime: { softSeconds: settings.ikeSoftSeconds, hardSeconds: settings.ikeHardSeconds },
});
