import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import type { RetentionPreview } from '../../../api/gen/RetentionPreview';
import { type Answers, refusal } from '../../../test/engine';
import { serverStorage, snapshot, storage } from '../../../test/fixtures';
import { expectAccessible, openWindow } from '../../../test/render';

const MEBIBYTE = 2 ** 20;

const goes: RetentionPreview = {
  servers: [
    { server: 0, expired: { collections: 12_000, bytes: 40 * MEBIBYTE } },
    { server: 1, expired: { collections: 340, bytes: 8 * MEBIBYTE } },
  ],
  bySize: { collections: 0, bytes: 0 },
};

async function open(answers: Answers = {}) {
  const opened = await openWindow({ set_settings: ({ settings }) => settings, ...answers }, '#/settings');
  const panel = within(screen.getByRole('region', { name: 'Storage' }));
  const type = async (label: RegExp, text: string) => {
    const field = panel.getByLabelText(label);
    await opened.user.clear(field);
    if (text !== '') await opened.user.type(field, text);
  };
  return { ...opened, panel, type };
}

describe('the storage part of the settings', () => {
  it('shows what the history takes and how fast it grows', async () => {
    const { panel } = await open();
    expect(await panel.findByText('48.0 MiB, of which 1.0 MiB are free for what comes next')).toBeVisible();
    expect(panel.getByText('About 1.2 MiB a day at present, about 438 MiB a year.')).toBeVisible();
    const rows = within(panel.getByRole('table', { name: 'History by server' }))
      .getAllByRole('row')
      .slice(1);
    expect(rows.map((row) => within(row).getByRole('rowheader').textContent)).toEqual(['web-1', 'local']);
    expect(rows[0]).toHaveTextContent('3.0 MiB');
    expect(rows[0]).toHaveTextContent('12,340');
    expect(rows[0]).toHaveTextContent('730 days');
    await expectAccessible();
  });

  it('says why the growth is not known, and that there is no history yet', async () => {
    const servers = [serverStorage({ server: 0, collections: 0, bytes: 0, first: null })];
    const { panel } = await open({ storage: () => storage({ growth: null, servers }) });
    expect(await panel.findByText('Not known yet: that takes a day of history.')).toBeVisible();
    expect(panel.getByText('No history yet.')).toBeVisible();
  });

  it('shows that it is reading', async () => {
    const { panel } = await open({ storage: () => new Promise(() => undefined) });
    expect(panel.getByRole('status', { name: 'Loading what the history takes' })).toBeVisible();
  });

  it('keeps the limits at hand where the figures cannot be read', async () => {
    const { panel } = await open({
      storage: () => refusal({ code: 'store', message: 'The store is locked.', hint: 'Close the other program.' }),
    });
    expect(await panel.findByRole('alert')).toHaveTextContent('The store is locked.');
    expect(panel.getByLabelText(/^Kept for/)).toHaveValue('730');
  });

  it('tells what goes before it is saved', async () => {
    const { engine, user, panel, type } = await open({ preview_retention: () => goes });
    expect(panel.getByRole('button', { name: 'Save limits' })).toBeDisabled();
    await type(/^Kept for/, '30');
    const sentence = 'This gives up 12,340 collections of 2 servers, about 48.0 MiB, older than 30 days.';
    expect(await panel.findByText(sentence)).toBeVisible();
    const retention = { days: 30, bytes: null, warnBytes: 2 ** 31 };
    expect(engine.argsOf('preview_retention').at(-1)).toEqual({ retention, exception: null });
    expect(engine.argsOf('set_settings')).toEqual([]);
    await expectAccessible();
    await user.click(panel.getByRole('button', { name: 'Save limits and give that up' }));
    expect(engine.argsOf('set_settings')).toEqual([{ settings: { ...snapshot().settings, retention } }]);
    await waitFor(() => {
      expect(engine.argsOf('storage')).toHaveLength(2);
    });
  });

  it('tells what goes by size, and that nothing goes', async () => {
    const bySize = { collections: 500, bytes: 5 * MEBIBYTE };
    const { panel, type } = await open({
      preview_retention: ({ retention: { bytes } }) =>
        bytes === null ? { servers: [], bySize: goes.bySize } : { servers: [], bySize },
    });
    await type(/^At most/, '0.5');
    expect(
      await panel.findByText(
        'To stay within 512 MiB, the oldest of all servers go: about 500 collections, about 5.0 MiB.',
      ),
    ).toBeVisible();
    await type(/^At most/, '');
    await type(/^Point out from/, '');
    expect(await panel.findByText('Nothing that is there goes.')).toBeVisible();
    expect(panel.getByRole('button', { name: 'Save limits' })).toBeEnabled();
  });

  it('says at the field what cannot be kept', async () => {
    const message = 'Give 1 to 36500 days, or nothing for no limit.';
    const { engine, panel, type } = await open({
      preview_retention: () =>
        refusal({ code: 'invalid', message: 'x', hint: 'y', fields: [{ field: 'retention.days', message }] }),
    });
    await type(/^Kept for/, '2 years');
    expect(panel.getByText('A whole number of days. Empty: no limit.')).toBeVisible();
    expect(engine.argsOf('preview_retention')).toEqual([]);
    await type(/^Kept for/, '0');
    expect(await panel.findByText(message)).toBeVisible();
    expect(panel.getByLabelText(/^Kept for/)).toBeInvalid();
    expect(panel.getByRole('button', { name: 'Save limits' })).toBeDisabled();
  });

  it('never saves with the preview of something else', async () => {
    let answer: (preview: RetentionPreview) => void = () => undefined;
    const { panel, type } = await open({
      preview_retention: ({ retention: { days } }) =>
        days === 30
          ? goes
          : new Promise((resolve) => {
              answer = resolve;
            }),
    });
    await type(/^Kept for/, '30');
    expect(await panel.findByText(/^This gives up/)).toBeVisible();
    await type(/^Kept for/, '20');
    expect(panel.queryByText(/^This gives up/)).toBeNull();
    expect(panel.getByText('Looking at what would go …')).toBeVisible();
    expect(panel.getByRole('button', { name: 'Save limits' })).toBeDisabled();
    await waitFor(() => {
      answer(goes);
      expect(panel.getByText(/older than 20 days/)).toBeVisible();
    });
  });

  it('keeps one server for days of its own', async () => {
    const { engine, user, panel } = await open({ preview_retention: () => goes });
    await user.click(await panel.findByRole('button', { name: 'Change how long web-1 is kept' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'How long the history of web-1 is kept' }));
    expect(dialog.getByText('Empty: as that of the others, 730 days.')).toBeVisible();
    await user.type(dialog.getByLabelText(/^Kept for/), '7{Enter}');
    expect(engine.argsOf('set_keep_days')).toEqual([]);
    const sentence = 'This gives up 340 collections of 1 server, about 8.0 MiB, older than 7 days.';
    expect(await dialog.findByText(sentence)).toBeVisible();
    expect(engine.argsOf('preview_retention').at(-1)).toEqual({
      retention: snapshot().settings.retention,
      exception: [1, 7],
    });
    await expectAccessible();
    await user.click(dialog.getByRole('button', { name: 'Save and give that up' }));
    expect(engine.argsOf('set_keep_days')).toEqual([{ id: 1, days: 7 }]);
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
      expect(engine.argsOf('storage')).toHaveLength(2);
    });
  });

  it('shows the largest of many servers until all are asked for', async () => {
    const servers = Array.from({ length: 300 }, (_, server) =>
      serverStorage({ server, bytes: server, days: server || null }),
    );
    const { user, panel } = await open({ storage: () => storage({ servers }) });
    const table = await panel.findByRole('table', { name: 'History by server' });
    expect(within(table).getAllByRole('row')).toHaveLength(21);
    expect(table).toHaveTextContent('299 days, its own');
    await user.click(panel.getByRole('button', { name: 'Show all 300 servers' }));
    expect(within(table).getAllByRole('row')).toHaveLength(301);
  });
});

it('points out a history that is large', async () => {
  const trouble = { code: 'history_large', message: 'The history takes 3 GiB on this disk.', hint: 'Keep less of it.' };
  await openWindow({ snapshot: () => snapshot({ troubles: [trouble] }) });
  const banners = screen.getByRole('region', { name: 'Troubles' });
  expect(banners).toHaveTextContent('The history takes 3 GiB on this disk.');
  expect(banners).toHaveTextContent('Keep less of it.');
});
