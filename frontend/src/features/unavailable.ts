import type { Family } from '../api/gen/Family';
import type { Latest } from '../api/gen/Latest';
import type { Server } from '../api/gen/Server';

/** What stands in the place of a family that a person does not want to be read. */
export const SWITCHED_OFF = 'Switched off';

/** Whether a person has switched `family` off for this server. */
export function isOff({ familiesOff }: Pick<Server, 'familiesOff'>, family: Family): boolean {
  return familiesOff.includes(family);
}

/** Why `family` has no values, where the engine said so. */
export function reasonFor(latest: Latest | undefined, family: Family): string | undefined {
  return latest?.unavailable.find((one) => one.family === family && !one.partial)?.reason;
}

/** Why what is shown of `family` is not all of it, where it is not. */
export function missingOf(latest: Latest | undefined, family: Family): string | undefined {
  return latest?.unavailable.find((one) => one.family === family && one.partial)?.reason;
}
