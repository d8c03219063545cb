import type { Family } from '../api/gen/Family';
import type { Latest } from '../api/gen/Latest';

/** Why `family` has no values, where the engine said so. */
export function reasonFor(latest: Latest | undefined, family: Family): string | undefined {
  return latest?.unavailable.find((one) => one.family === family)?.reason;
}
