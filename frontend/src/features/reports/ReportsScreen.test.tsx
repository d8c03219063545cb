import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import type { ReportEnd } from '../../api/gen/ReportEnd';
import type { ReportRequest } from '../../api/gen/ReportRequest';
import { type Answers, refusal } from '../../test/engine';
import { local, snapshot, view } from '../../test/fixtures';
import { expectAccessible, openWindow } from '../../test/render';

const DAY = 86_400_000;
const complete: ReportEnd = { end: 'complete', file: 'report-2026-11-23.html', servers: 2, bytes: 123_456 };

function open(answers: Answers = {}) {
  const servers = [local(), view(), view({}, { id: 2, name: 'db' })];
  return openWindow({ snapshot: () => snapshot({ servers }), ...answers }, '#/reports');
}

const asked = (calls: unknown[]) => (calls as { id: string; request: ReportRequest }[])[0];

describe('reports', () => {
  it('cover all servers and the last seven days unless told otherwise', async () => {
    const { engine, user } = await open({ save_report: () => complete });
    expect(screen.getByRole('heading', { name: 'Reports' })).toHaveFocus();
    await expectAccessible();
    await user.click(screen.getByRole('button', { name: 'Save report' }));
    expect(await screen.findByText('report-2026-11-23.html is saved.')).toBeVisible();
    expect(screen.getByText(/2 servers, 121 KiB/)).toBeVisible();
    const request = asked(engine.argsOf('save_report'))?.request;
    expect(request?.servers).toEqual([]);
    expect(Math.round(((request?.to ?? 0) - (request?.from ?? 0)) / DAY)).toBe(7);
    await expectAccessible();
  });

  it('cover the servers and the range that are chosen', async () => {
    const { engine, user } = await open({ save_report: () => complete });
    await user.click(screen.getByRole('combobox', { name: 'Servers' }));
    await user.click(await screen.findByRole('option', { name: 'db' }));
    await user.click(screen.getByRole('radio', { name: 'Other' }));
    expect(screen.getByRole('button', { name: 'Save report' })).toBeDisabled();
    await user.type(screen.getByLabelText('From'), '2026-11-02T00:00');
    await user.type(screen.getByLabelText('To'), '2026-11-01T00:00');
    expect(screen.getByText('The range must begin before it ends.')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Save report' })).toBeDisabled();
    await user.clear(screen.getByLabelText('To'));
    await user.type(screen.getByLabelText('To'), '2026-11-03T00:00');
    await user.click(screen.getByRole('button', { name: 'Save report' }));
    expect(asked(engine.argsOf('save_report'))?.request).toEqual({
      servers: [2],
      from: new Date('2026-11-02T00:00').getTime(),
      to: new Date('2026-11-03T00:00').getTime(),
    });
  });

  it('show how far they are, and can be cancelled', async () => {
    let end: (answer: ReportEnd) => void = () => undefined;
    const { engine, user } = await open({
      save_report: () =>
        new Promise<ReportEnd>((resolve) => {
          end = resolve;
        }),
      cancel_export: () => {
        end({ end: 'cancelled' });
        return null;
      },
    });
    await user.click(screen.getByRole('button', { name: 'Save report' }));
    expect(screen.getByText('Choose where to save it')).toBeVisible();
    const id = asked(engine.argsOf('save_report'))?.id ?? '';
    await engine.tell({ type: 'export', id: 'another', share: 0.9, values: 0 });
    await engine.tell({ type: 'export', id, share: 0.5, values: 0 });
    expect(screen.getByText('Reading the history: 50 %')).toBeVisible();
    await expectAccessible();
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(engine.argsOf('cancel_export')).toEqual([{ id }]);
    expect(await screen.findByText('The report was cancelled. No file was left.')).toBeVisible();
  });

  it('say why they were not saved', async () => {
    const { user } = await open({
      save_report: () => refusal({ code: 'export', message: 'The disk is full.', hint: 'Free some space.' }),
    });
    await user.click(screen.getByRole('button', { name: 'Save report' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('The disk is full.Free some space.');
  });

  it('say nothing where no file was chosen', async () => {
    const { user } = await open({ save_report: () => null });
    await user.click(screen.getByRole('button', { name: 'Save report' }));
    expect(screen.queryByRole('status')).toBeNull();
    expect(screen.getByRole('button', { name: 'Save report' })).toBeEnabled();
  });
});
