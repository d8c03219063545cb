/** The families as the form offers them: in groups, each with what reading it costs the server. */

import type { Family } from '../api/gen/Family';
import { duration } from './units';

interface FamilyCost {
  /** Seconds from one reading to the next at least; null where it is read at every visit. The shell checks it against the engine. */
  every: number | null;
  /** What is done on the server. */
  how: string;
}

const costs: Record<Family, FamilyCost> = {
  cpu: { every: null, how: 'one small file' },
  load: { every: null, how: 'one small file' },
  memory: { every: null, how: 'one small file' },
  uptime: { every: null, how: 'one small file' },
  fileHandles: { every: null, how: 'one small file' },
  pressure: { every: null, how: 'three small files' },
  diskIo: { every: null, how: 'one small file' },
  network: { every: null, how: 'one small file' },
  filesystems: { every: 30, how: 'runs df, apart from the rest' },
  tcp: { every: 10, how: 'a list that grows with the connections' },
  processes: { every: 10, how: 'reads every process: the costliest' },
  users: { every: 60, how: 'runs who' },
  containers: { every: 30, how: 'asks docker and podman' },
  units: { every: 60, how: 'asks systemd' },
  reboot: { every: 600, how: 'looks at a few files' },
  updates: { every: 3600, how: 'asks the package manager, without the network' },
  temperatures: { every: 30, how: 'reads the sensors' },
  gpus: { every: 30, how: 'runs nvidia-smi' },
  batteries: { every: 60, how: 'one small file each' },
};

/** In the order of the form. */
export const familyGroups: readonly { title: string; families: readonly Family[] }[] = [
  { title: 'System', families: ['cpu', 'load', 'memory', 'pressure', 'fileHandles', 'uptime'] },
  { title: 'Disks and network', families: ['filesystems', 'diskIo', 'network', 'tcp'] },
  { title: 'What runs', families: ['processes', 'units', 'containers', 'users'] },
  { title: 'Upkeep', families: ['reboot', 'updates'] },
  { title: 'Hardware', families: ['temperatures', 'gpus', 'batteries'] },
];

/** How often `family` is read and what that costs the server, in a line. */
export function familyCost(family: Family): string {
  const { every, how } = costs[family];
  return `${every === null ? 'Every visit' : `Every ${duration(every)} at most`}: ${how}.`;
}
