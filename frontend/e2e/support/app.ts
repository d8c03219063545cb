import { spawn, type ChildProcess } from 'node:child_process';
import { readlinkSync, realpathSync } from 'node:fs';

import { remote, type Browser } from 'webdriverio';

import { required } from './environment.ts';
import { freePort } from './port.ts';
import { descendants, end } from './process.ts';
import { isOpen, until } from './wait.ts';

const driverProgram = required('TAURI_DRIVER');
/** The application under test. */
export const appProgram = required('HOSTROUNDS_APP');

/** The real application, in a window that WebDriver sees. Its data outlives it: started again, it finds what it left. */
export class App {
  private constructor(
    private readonly driver: ChildProcess,
    readonly window: Browser,
  ) {}

  /** Starts it and waits for its window. */
  static async start(...args: string[]): Promise<App> {
    const [port, nativePort] = [await freePort(), await freePort()];
    const driver = spawn(
      driverProgram,
      ['--port', String(port), '--native-port', String(nativePort), '--native-driver', '/usr/bin/WebKitWebDriver'],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    try {
      await until('tauri-driver listens', () => isOpen(port));
      const window = await remote({
        hostname: '127.0.0.1',
        port,
        logLevel: 'silent',
        connectionRetryCount: 1,
        capabilities: {
          'tauri:options': { application: appProgram, args },
          'wdio:enforceWebDriverClassic': true,
        } as WebdriverIO.Capabilities,
      });
      return new App(driver, window);
    } catch (error) {
      await end(driver);
      throw error;
    }
  }

  /** Ends the application as a log-out does. */
  async stop(): Promise<void> {
    const pid = this.pid;
    if (pid !== undefined) process.kill(pid, 'SIGTERM');
    await this.gone();
  }

  /** Closes the window, as a person does. */
  async close(): Promise<void> {
    // WebdriverIO takes the last window for the end of the session and says so by throwing.
    await this.window.closeWindow().catch(() => undefined);
    await this.gone();
  }

  private get pid(): number | undefined {
    return descendants(this.driver.pid ?? 0).find((pid) => isProgram(pid, appProgram));
  }

  private async gone(): Promise<void> {
    try {
      await until('the application ends within its 5 seconds', () => this.pid === undefined, 6_000);
    } finally {
      await end(this.driver);
    }
  }
}

function isProgram(pid: number, program: string): boolean {
  try {
    return readlinkSync(`/proc/${String(pid)}/exe`) === realpathSync(program);
  } catch {
    return false;
  }
}
