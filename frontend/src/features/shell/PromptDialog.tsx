import { Button, Group, Modal, PasswordInput, TextInput } from '@mantine/core';
import { type SyntheticEvent, useState } from 'react';

import { engine } from '../../api/commands';
import type { LoginPrompt } from '../../api/gen/LoginPrompt';
import { useNow } from '../../components/clock';
import { duration } from '../../format/units';
import { plural } from '../../format/words';
import { useModel } from '../../state/hooks';
import { address } from '../servers';
import { attempt } from '../toasts';
import classes from './Shell.module.css';

/** Above every dialog that may be open: the login waits, and not for long. */
const ABOVE_ALL = 500;

/** What servers ask a person, one question at a time. */
export function Prompts() {
  const prompts = useModel((model) => model.prompts);
  const [prompt] = prompts;
  if (!prompt) return null;
  return <PromptDialog key={prompt.id} prompt={prompt} waiting={prompts.length - 1} />;
}

function PromptDialog({ prompt, waiting }: { prompt: LoginPrompt; waiting: number }) {
  const server = useModel(({ servers }) => servers.find((view) => view.server.id === prompt.server)?.server);
  const [answers, setAnswers] = useState(() => prompt.questions.map(() => ''));
  const [sending, setSending] = useState(false);

  const send = async (given: string[] | null) => {
    setSending(true);
    await attempt(engine.answerPrompt(prompt.id, given));
    setSending(false);
  };

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    void send(answers);
  };

  const onTheWay = server && address(server.target) !== prompt.hop;
  return (
    <Modal
      opened
      onClose={() => void send(null)}
      title={`${server?.name ?? 'A server'} asks before it lets you in`}
      centered
      closeOnClickOutside={false}
      zIndex={ABOVE_ALL}
    >
      <form onSubmit={submit} className={classes.prompt}>
        <p>
          Asked by {onTheWay && 'the jump host '}
          <strong>{prompt.hop}</strong>
          {onTheWay && ` on the way to ${server.name}`}.
        </p>
        {prompt.name !== '' && <p className={classes.name}>{prompt.name}</p>}
        {prompt.instructions !== '' && <p className={classes.instructions}>{prompt.instructions}</p>}
        {prompt.questions.map(({ text, echo }, index) => {
          const field = {
            label: text.trim().replace(/:$/, '') || `Answer ${index + 1}`,
            value: answers[index] ?? '',
            autoComplete: 'off',
            'data-autofocus': index === 0 ? true : undefined,
            onChange: ({ currentTarget: { value } }: { currentTarget: { value: string } }) => {
              setAnswers((before) => before.with(index, value));
            },
          };
          return echo ? (
            <TextInput key={index} spellCheck={false} {...field} />
          ) : (
            <PasswordInput
              key={index}
              {...field}
              visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the answer', tabIndex: 0 }}
            />
          );
        })}
        <p className={classes.countdown}>
          <TimeLeft until={prompt.until} />
          {waiting > 0 && ` ${plural(waiting, 'more server waits', 'more servers wait')} for an answer.`}
        </p>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => void send(null)} disabled={sending}>
            Give up
          </Button>
          <Button type="submit" loading={sending}>
            Answer
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

/** In words, so that it can be read out; not live, for nobody wants to hear every second. */
function TimeLeft({ until }: { until: number }) {
  const now = useNow();
  const left = Math.ceil((until - now) / 1_000);
  return <span role="timer">{left > 0 ? `${duration(left)} left to answer.` : 'The time is over.'}</span>;
}
