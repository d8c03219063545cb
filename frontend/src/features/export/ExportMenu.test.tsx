import { act, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import type { Exported } from '../../api/gen/Exported';
import type { ExportRequest } from '../../api/gen/ExportRequest';
import { refusal } from '../../test/engine';
import { expectAccessible, openWindow } from '../../test/render';

interface Asked {
  id: string;
  request: ExportRequest;
}

/** The window at the alerts, over an engine whose export ends when the test says so. */
async function openAlerts() {
  let end: (exported: Exported | null) => void = () => undefined;
  const opened = await openWindow(
    {
      export: () =>
        new Promise<Exported | null>((resolve) => {
          end = resolve;
        }),
    },
    '#/alerts',
  );
  const choose = async (format: string) => {
    await opened.user.click(screen.getByRole('button', { name: 'Export alerts…' }));
    await opened.user.click(await screen.findByRole('menuitem', { name: format }));
  };
  return {
    ...opened,
    choose,
    end: (exported: Exported | null) => {
      act(() => {
        end(exported);
      });
    },
    asked: () => opened.engine.argsOf('export') as Asked[],
  };
}

describe('an export', () => {
  it('names a table and a format, never a path', async () => {
    const { asked, choose } = await openAlerts();
    await choose('Excel workbook (XLSX)');
    expect(asked().map(({ request }) => request)).toEqual([
      { subject: { kind: 'table', table: 'alerts', servers: [] }, format: 'xlsx' },
    ]);
    await choose('CSV');
    const [one, other] = asked();
    expect(one?.id).not.toBe(other?.id);
  });

  it('says what stands in the file when it is complete', async () => {
    const { choose, end } = await openAlerts();
    await choose('CSV');
    end({ file: 'alerts.csv', rows: 12_345, sheets: 1 });
    expect(await screen.findByRole('status')).toHaveTextContent('12,345 rows exported to alerts.csv');
  });

  it('says nothing when no file was chosen', async () => {
    const { asked, choose, end } = await openAlerts();
    await choose('CSV');
    end(null);
    await waitFor(() => {
      expect(asked()).toHaveLength(1);
    });
    expect(screen.queryByRole('status')).toBeNull();
  });

  it('shows how far it is, and is cancelled by a button', async () => {
    const { asked, choose, end, engine, user } = await openAlerts();
    await choose('JSON');
    const id = asked()[0]?.id ?? '';
    await engine.tell({ type: 'export', id, share: 0.25, values: 1_000 });
    await engine.tell({ type: 'export', id, share: 0.5, values: 2_000 });
    const toast = await screen.findByRole('status');
    expect(within(toast).getByRole('progressbar', { name: 'Exporting' })).toHaveAttribute('aria-valuenow', '50');
    expect(toast).toHaveTextContent('50 %, 2,000 values');
    await expectAccessible();
    await user.click(within(toast).getByRole('button', { name: 'Cancel' }));
    expect(engine.argsOf('cancel_export')).toEqual([{ id }]);
    end(null);
    expect(await screen.findByText('The export was cancelled; no file is left.')).toBeVisible();
    await waitFor(() => {
      expect(screen.queryByRole('progressbar')).toBeNull();
    });
  });

  it('leaves the exports of others alone', async () => {
    const { engine } = await openAlerts();
    await engine.tell({ type: 'export', id: 'export', share: 0.5, values: 1 });
    expect(screen.queryByRole('progressbar')).toBeNull();
  });

  it('says why it failed', async () => {
    const { user } = await openWindow(
      { export: () => refusal({ code: 'export', message: 'The disk is full.', hint: 'Make room.' }) },
      '#/alerts',
    );
    await user.click(screen.getByRole('button', { name: 'Export alerts…' }));
    await user.click(await screen.findByRole('menuitem', { name: 'CSV' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('The disk is full.');
  });
});

it('exports the metrics of a chart over the range that is shown', async () => {
  const { engine, user } = await openWindow({ export: () => null }, '#/servers/0');
  await user.click(await screen.findByRole('button', { name: 'Export Memory…' }));
  await user.click(await screen.findByRole('menuitem', { name: 'CSV' }));
  const [asked] = engine.argsOf('export') as Asked[];
  expect(asked?.request.subject).toMatchObject({
    kind: 'history',
    servers: [0],
    metrics: ['system.memory.utilization', 'system.paging.utilization'],
    attributes: {},
  });
});
