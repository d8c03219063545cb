import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { freePort } from './port.ts';
import { end } from './process.ts';
import { isOpen, until } from './wait.ts';

/** A private OpenSSH server on loopback that lets this user in with a key of its own. */
export class Sshd {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    readonly port: number,
  ) {}

  /** Makes the keys and starts the server. */
  static async start(): Promise<Sshd> {
    const folder = mkdtempSync(join(tmpdir(), 'hostrounds-sshd-'));
    const sshd = new Sshd(folder, await freePort());
    for (const name of ['host_key', 'client_key', 'stranger_key']) sshd.makeKey(name);
    sshd.letIn();
    writeFileSync(
      join(folder, 'sshd_config'),
      [
        `ListenAddress 127.0.0.1:${String(sshd.port)}`,
        `HostKey ${join(folder, 'host_key')}`,
        `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
        `PidFile ${join(folder, 'sshd.pid')}`,
        // The folder is below /tmp, which sshd would call unsafe.
        'StrictModes no',
        'UsePAM no',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'PermitRootLogin prohibit-password',
        'MaxStartups 100',
        '',
      ].join('\n'),
    );
    // Where sshd runs as root it wants this folder, which the service would have made.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    await sshd.resume();
    return sshd;
  }

  /** The user that may log in. */
  get user(): string {
    return userInfo().username;
  }

  /** The file of the key that opens it. */
  get keyFile(): string {
    return join(this.folder, 'client_key');
  }

  /** The file of a key that does not open it. */
  get strangersKeyFile(): string {
    return join(this.folder, 'stranger_key');
  }

  /** Whoever has the key may log in. */
  letIn(): void {
    copyFileSync(join(this.folder, 'client_key.pub'), join(this.folder, 'authorized_keys'));
  }

  /** Nobody may log in any more, and whoever is logged in is thrown out. */
  async lockOut(): Promise<void> {
    writeFileSync(join(this.folder, 'authorized_keys'), '');
    await this.cut();
    await this.resume();
  }

  /** Starts again with another host key, as a server that was set up anew. */
  async setUpAnew(): Promise<void> {
    await this.cut();
    for (const file of ['host_key', 'host_key.pub']) rmSync(join(this.folder, file));
    this.makeKey('host_key');
    await this.resume();
  }

  /** The fingerprint of its host key, as ssh-keygen prints it. */
  get fingerprint(): string {
    const line = execFileSync('ssh-keygen', ['-l', '-f', join(this.folder, 'host_key.pub')], { encoding: 'utf8' });
    return line.split(' ')[1] ?? '';
  }

  /** Takes the server away with every session on it, as a power cut does. */
  async cut(): Promise<void> {
    if (this.child) await end(this.child, 'SIGKILL');
    this.child = undefined;
  }

  /** Brings it back on the same port with the same host key. */
  async resume(): Promise<void> {
    const log = openSync(join(this.folder, 'sshd.log'), 'a');
    this.child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(this.folder, 'sshd_config')], {
      stdio: ['ignore', 'ignore', log],
    });
    closeSync(log);
    await until(`sshd listens on port ${String(this.port)}`, () => isOpen(this.port));
  }

  private makeKey(name: string): void {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'e2e', '-f', join(this.folder, name)]);
  }

  /** Stops it for good and removes its keys. */
  async remove(): Promise<void> {
    await this.cut();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
