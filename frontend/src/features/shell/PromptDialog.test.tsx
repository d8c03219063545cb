import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';

import { prompt, snapshot } from '../../test/fixtures';
import { expectAccessible, openWindow } from '../../test/render';

const dialog = () => screen.queryByRole('dialog', { name: /asks before it lets you in/ });

describe('a server that asks', () => {
  it('is answered, and the dialog goes when the engine says so', async () => {
    const questions = [
      { text: 'Verification code: ', echo: true },
      { text: 'PIN:', echo: false },
    ];
    const { engine, user } = await openWindow();
    await engine.tell({
      type: 'prompt',
      prompt: prompt({ questions, name: 'Two factors', instructions: 'Look at your phone.' }),
    });
    expect(dialog()).toHaveAccessibleName('web-1 asks before it lets you in');
    for (const text of [
      'Two factors',
      'Look at your phone.',
      'the jump host ops@bastion.example.org',
      /1 min \d+ s left/,
    ])
      expect(dialog()).toHaveTextContent(text);
    await waitFor(() => {
      expect(screen.getByRole('textbox', { name: 'Verification code' })).toHaveFocus();
    });
    expect(screen.getByLabelText('PIN', { selector: 'input' })).toHaveAttribute('type', 'password');
    await expectAccessible();

    await user.keyboard('123456');
    await user.type(screen.getByLabelText('PIN', { selector: 'input' }), '42{Enter}');
    expect(engine.argsOf('answer_prompt')).toEqual([{ id: 'prompt-1', answers: ['123456', '42'] }]);
    await engine.tell({ type: 'promptGone', id: 'prompt-1' });
    expect(dialog()).toBeNull();
  });

  it('is given up with Escape and with the button', async () => {
    const { engine, user } = await openWindow({
      snapshot: () => snapshot({ prompts: [prompt(), prompt({ id: 'prompt-2', server: null })] }),
    });
    expect(dialog()).toHaveTextContent('1 more server waits for an answer.');
    await user.keyboard('{Escape}');
    await engine.tell({ type: 'promptGone', id: 'prompt-1' });
    expect(dialog()).toHaveAccessibleName('A server asks before it lets you in');
    expect(dialog()).toHaveTextContent('Asked by ops@bastion.example.org.');
    await user.click(screen.getByRole('button', { name: 'Give up' }));
    expect(engine.argsOf('answer_prompt')).toEqual([
      { id: 'prompt-1', answers: null },
      { id: 'prompt-2', answers: null },
    ]);
  });

  it('says when the time is over', async () => {
    await openWindow({ snapshot: () => snapshot({ prompts: [prompt({ until: Date.now() - 1_000 })] }) });
    expect(within(dialog() ?? document.body).getByRole('timer')).toHaveTextContent('The time is over.');
  });

  it('lies over the form without closing it', async () => {
    const { engine, user } = await openWindow();
    await user.click(screen.getByRole('button', { name: 'Add server' }));
    await user.type(screen.getByRole('textbox', { name: 'Name' }), 'web-9');
    await engine.tell({ type: 'prompt', prompt: prompt() });
    await user.keyboard('{Escape}');
    await engine.tell({ type: 'promptGone', id: 'prompt-1' });
    expect(screen.queryByRole('button', { name: 'Discard' })).toBeNull();
    expect(screen.getByRole('textbox', { name: 'Name' })).toHaveValue('web-9');
  });
});
