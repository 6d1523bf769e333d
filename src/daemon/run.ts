/**
 * The daemon's life: read the settings, run the service, read them again on SIGHUP, stop on SIGTERM.
 * Bad settings at a reload change nothing; the last good ones keep running.
 */
import { loadSettingsFile } from '../core/config/load.js';
import type { Settings } from '../core/config/settings.js';
import { type ControlServer, createControlServer } from '../core/control/server.js';
import { createLogger, type Logger } from '../core/log.js';
import type { Network } from '../core/net/network.js';
import type { LogLevel, Platform } from '../core/platform/platform.js';
import { plugins } from '../plugins/index.js';
import { runtimeFolderOf } from './key-log.js';
import { type Service, startService } from './service.js';

export interface DaemonOptions {
  platform: Platform;
  network: Network;
  version: string;
  configFile: string;
  socketPath: string;
}

/** Resolves with the exit status when the daemon has ended. */
export function runDaemon(options: DaemonOptions): Promise<number> {
  return new Daemon(options).run();
}

class Daemon {
  private level: LogLevel = 'info';
  private readonly log: Logger;
  private service: Service | undefined;
  private control: ControlServer | undefined;
  /** Reloads and the stop come one after the other, never interleaved. */
  private work: Promise<void> = Promise.resolve();
  private finish: (status: number) => void = () => undefined;

  constructor(private readonly options: DaemonOptions) {
    this.log = createLogger(options.platform.log, () => this.level);
  }

  run(): Promise<number> {
    const { platform } = this.options;
    const ended = new Promise<number>((resolve) => {
      this.finish = resolve;
    });
    // Handlers first: a SIGHUP before them would end the process
    platform.onSignal('SIGHUP', () => this.enqueue(() => this.reload()));
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      platform.onSignal(signal, () => this.enqueue(() => this.stop(0)));
    this.enqueue(() => this.start());
    return ended;
  }

  private enqueue(step: () => Promise<void>): void {
    this.work = this.work.then(step).catch((error) => {
      this.log.error(String((error as Error).message ?? error));
      return this.stop(1);
    });
  }

  private readSettings(): Settings | undefined {
    const { platform, configFile } = this.options;
    const loaded = loadSettingsFile(platform.files, configFile, plugins);
    for (const warning of loaded.warnings) this.log.warning(warning);
    if (!loaded.ok) for (const error of loaded.errors) this.log.error(error);
    return loaded.ok ? loaded.settings : undefined;
  }

  private async start(): Promise<void> {
    const settings = this.readSettings();
    if (!settings) throw new Error('not started: the configuration has mistakes');
    if (!settings.enabled || settings.wans.length === 0) {
      const what = settings.enabled ? 'no WAN section is enabled' : 'it is switched off';
      this.log.info(`nothing to do, ${what} in ${this.options.configFile}`);
      return this.stop(0);
    }
    await this.startService(settings);
    this.control = await createControlServer(
      {
        network: this.options.network,
        files: this.options.platform.files,
        timers: this.options.platform.timers,
        log: this.log.for('control'),
      },
      this.options.socketPath,
      this.handlers(),
    );
    const names = settings.wans.map((wan) => `${wan.interface} (${wan.plugins.join(', ')})`);
    this.log.info(`version ${this.options.version} is ready on ${names.join(', ')}`);
  }

  private async startService(settings: Settings): Promise<void> {
    this.level = settings.logLevel;
    const { platform, network, version } = this.options;
    this.service = await startService({
      platform,
      network,
      version,
      settings,
      runtimeFolder: runtimeFolderOf(this.options.socketPath),
      log: this.log,
      failed: (reason) => {
        this.log.error(reason);
        this.enqueue(() => this.stop(1));
      },
    });
  }

  /** The commands of whichever service runs at the moment. */
  private handlers() {
    const names = Object.keys(this.service?.handlers ?? {});
    return Object.fromEntries(
      names.map((name) => [
        name,
        (request: Parameters<Service['handlers'][string]>[0]) =>
          this.service?.handlers[name]?.(request),
      ]),
    );
  }

  private async reload(): Promise<void> {
    const settings = this.readSettings();
    if (!settings) {
      this.log.error('the configuration has mistakes; the last good one keeps running');
      return;
    }
    this.level = settings.logLevel;
    if (await this.service?.update(settings)) {
      this.log.info('new settings are in use');
      return;
    }
    this.log.info('the new settings need a fresh start of the service');
    await this.service?.stop();
    this.service = undefined;
    if (!settings.enabled || settings.wans.length === 0) return this.stop(0);
    await this.startService(settings);
  }

  private async stop(status: number): Promise<void> {
    this.control?.close();
    this.control = undefined;
    const service = this.service;
    this.service = undefined;
    await service?.stop();
    if (service) this.log.info('stopped; nothing of ours is left in the kernel');
    this.options.platform.sockets.stop();
    this.finish(status);
  }
}
