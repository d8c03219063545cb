import { spawn, type ChildProcess } from 'node:child_process';

import { required } from './environment.ts';
import { end } from './process.ts';
import { until } from './wait.ts';

const program = required('HOSTROUNDS_TESTBED');

/** One of the servers of the testbed. */
export class TestServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    readonly user: string,
  ) {}

  /** Starts the server of this name on a free port. */
  static async start(name: string): Promise<TestServer> {
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
