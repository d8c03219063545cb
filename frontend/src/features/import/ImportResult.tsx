import { Button, Group } from '@mantine/core';
import { CheckCircle2, Circle, Hourglass, Loader, type LucideIcon, XCircle } from 'lucide-react';
import { useState } from 'react';

import type { HostKeyOffer } from '../../api/gen/HostKeyOffer';
import type { ServerView } from '../../api/gen/ServerView';
import { Note } from '../../components/Note';
import { plural } from '../../format/words';
import { engine } from '../../api/commands';
import { serverHref } from '../../state/route';
import { HostKeyDialog } from '../connection/HostKeyDialog';
import { attempt } from '../toasts';
import classes from './Import.module.css';
import { type Trial, useTrials } from './useTrials';

const look: Record<Trial['phase'] | 'off', [LucideIcon, string]> = {
  off: [Circle, 'Switched off'],
  waiting: [Hourglass, 'Waits'],
  running: [Loader, 'Being tested'],
  on: [CheckCircle2, 'Passed, switched on'],
  failed: [XCircle, 'Still off'],
};

/** What was added: switched off until it has passed a test, for nobody wants 60 alerts or a locked account from an import. */
export function ImportResult({ added, onClose }: { added: readonly ServerView[]; onClose: () => void }) {
  const trials = useTrials();
  const [asked, setAsked] = useState<{ view: ServerView; offer: HostKeyOffer } | null>(null);
  const phases = added.map(({ server }) => trials.of(server.id)?.phase);
  const done = phases.filter((phase) => phase === 'on' || phase === 'failed').length;
  const on = phases.filter((phase) => phase === 'on').length;
  const failed = done - on;

  const accept = async () => {
    if (!asked) return;
    const { view, offer } = asked;
    setAsked(null);
    const accepted = await (offer.replaces.length > 0
      ? attempt(engine.replaceHostKey(offer.id), 'Host key replaced')
      : attempt(engine.acceptHostKey(offer.id), 'Host key accepted'));
    if (accepted !== undefined) await trials.run([view]);
  };

  return (
    <div className={classes.preview}>
      <Note
        tone="good"
        urgent
        title={added.length === 1 ? '1 server was added' : `${added.length} servers were added`}
        hint="They are switched off. A test logs in once and shows the host key; what passes is switched on. Passwords and passphrases are not part of an SSH configuration: edit a server to give it its own."
      />
      <ul className={classes.added} aria-label="Added servers">
        {added.map((view) => {
          const { server } = view;
          const trial = trials.of(server.id);
          const [Icon, word] = look[trial?.phase ?? 'off'];
          const offer = trial?.phase === 'failed' ? (trial.report?.hostKey ?? null) : null;
          return (
            <li key={server.id} data-phase={trial?.phase ?? 'off'}>
              <Icon size={14} aria-hidden className={classes.icon} />
              <a href={serverHref(server.id)} onClick={onClose}>
                {server.name}
              </a>
              <span className={classes.word}>{word}</span>
              {offer && (
                <Button
                  size="compact-xs"
                  variant="light"
                  aria-label={`Review host key of ${server.name}`}
                  onClick={() => {
                    setAsked({ view, offer });
                  }}
                >
                  Review host key
                </Button>
              )}
              {trial?.phase === 'failed' && <span className={classes.why}>{trial.words}</span>}
            </li>
          );
        })}
      </ul>
      <p className={classes.lead} role="status">
        {done > 0 &&
          `${done} of ${plural(added.length, 'server')} tested: ${on} switched on${failed > 0 ? `, ${failed} still off` : ''}.`}
      </p>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Done
        </Button>
        {on < added.length && (
          <Button loading={trials.running} onClick={() => void trials.run(added)} data-autofocus>
            {done > 0 ? 'Test again' : added.length === 1 ? 'Test and switch on' : 'Test all and switch on what passes'}
          </Button>
        )}
      </Group>
      {asked && (
        <HostKeyDialog
          offer={asked.offer}
          onAccept={() => void accept()}
          onDecline={() => {
            setAsked(null);
          }}
        />
      )}
    </div>
  );
}
