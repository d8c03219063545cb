/** Which dialog is open. The shell shows it; screens only ask for it. */

import { createContext, useContext } from 'react';

import type { ServerId } from '../api/gen/ServerId';

export type OpenDialog =
  | { kind: 'add' }
  | { kind: 'edit'; id: ServerId }
  | { kind: 'remove'; id: ServerId }
  /** `review` where the test is run to see an unknown host key: the server is collected once its key was accepted. */
  | { kind: 'test'; id: ServerId; review: boolean };

export const DialogContext = createContext<(dialog: OpenDialog) => void>(() => undefined);

export function useDialogs(): (dialog: OpenDialog) => void {
  return useContext(DialogContext);
}
