import { spawn, type ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';

import { appProgram } from './app.ts';
import { end } from './process.ts';
import { until } from './wait.ts';

/** One of the servers of the testbed, which stands beside the application. */
export class TestServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    readonly user: string,
  ) {}

  /** Starts the server of this name on a free port. */
  static async start(name: string): Promise<TestServer> {
    const program = join(dirname(appProgram), 'hostrounds-testbed');
    const child = spawn(program, ['serve', name], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { said += text; });
    const [, port, user] = await until(`${name} says where it is`, () => /port (\d+) {2}user (\S+)/.exec(said) ?? undefined);
    return new TestServer(child, Number(port), String(user));
  }

  async stop(): Promise<void> {
    await end(this.child);
  }
}
