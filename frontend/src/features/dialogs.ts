/** Which dialog is open. The shell shows it; screens only ask for it. */

import { createContext, useContext } from 'react';

import type { ServerId } from '../api/gen/ServerId';

export type OpenDialog =
  | { kind: 'add' }
  | { kind: 'import' }
  /** `part` where a person wants to get at how it logs in. */
  | { kind: 'edit'; id: ServerId; part?: 'login' }
  | { kind: 'remove'; id: ServerId }
  | { kind: 'restrict'; id: ServerId }
  /** `review` where the test is run to see an unknown or changed host key: the server is collected once it was accepted. */
  | { kind: 'test'; id: ServerId; review: boolean };

export const DialogContext = createContext<(dialog: OpenDialog) => void>(() => undefined);

export function useDialogs(): (dialog: OpenDialog) => void {
  return useContext(DialogContext);
}
