/** The command that prints the fingerprint of a host key on the server itself, where OpenSSH keeps it. */
export function commandFor(algorithm: string): string {
  const kind = algorithm.includes('ed25519') ? 'ed25519' : algorithm.includes('ecdsa') ? 'ecdsa' : 'rsa';
  return `ssh-keygen -lf /etc/ssh/ssh_host_${kind}_key.pub`;
}
