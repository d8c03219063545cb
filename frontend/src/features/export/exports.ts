/** Exports: begun, followed and cancelled. */

import { engine } from '../../api/commands';
import { toCommandError } from '../../api/errors';
import type { Event } from '../../api/gen/Event';
import type { ExportRequest } from '../../api/gen/ExportRequest';
import { count } from '../../format/units';
import { plural } from '../../format/words';
import { hideToast, toastDone, toastError, toastRunning } from '../toasts';

/** The exports that this window has begun, and whether the person has cancelled each. */
const running = new Map<string, { shown: boolean; cancelled: boolean }>();

let begun = 0;

function counted(amount: number, one: string): string {
  return amount === 1 ? plural(1, one) : `${count(amount)} ${one}s`;
}

function cancel(id: string): void {
  const own = running.get(id);
  if (own) own.cancelled = true;
  void engine.cancelExport(id);
}

/** Exports into a file that the person chooses, and says what came of it. Where none is chosen, nothing is said. */
export async function exportToFile(request: ExportRequest): Promise<void> {
  begun += 1;
  const id = `export-${Date.now()}-${begun}`;
  const own = { shown: false, cancelled: false };
  running.set(id, own);
  try {
    const exported = await engine.export(id, request);
    if (exported) {
      const sheets = exported.sheets > 1 ? ` on ${counted(exported.sheets, 'sheet')}` : '';
      toastDone(`${counted(exported.rows, 'row')}${sheets} exported to ${exported.file ?? 'the file'}`);
    } else if (own.cancelled) toastDone('The export was cancelled; no file is left.');
  } catch (cause) {
    toastError(toCommandError(cause));
  } finally {
    running.delete(id);
    if (own.shown) hideToast(id);
  }
}

/** Shows how far an export of this window has come. */
export function followExport(event: Event): void {
  if (event.type !== 'export') return;
  const { id, share, values } = event;
  const own = running.get(id);
  if (!own) return;
  const words = `${Math.floor(share * 100)} %, ${counted(values, 'value')}`;
  const onCancel = () => {
    cancel(id);
  };
  toastRunning({ id, title: 'Exporting', share, words, onCancel }, !own.shown);
  own.shown = true;
}
