import { Button, Tooltip } from '@mantine/core';
import { AlertTriangle, ArrowDown, ArrowUp } from 'lucide-react';
import { memo, type MouseEvent } from 'react';

import type { Failure } from '../../api/gen/Failure';
import type { RuleKind } from '../../api/gen/RuleKind';
import type { ServerView } from '../../api/gen/ServerView';
import type { Summary } from '../../api/gen/Summary';
import { Absent } from '../../components/Absent';
import { Meter } from '../../components/Meter';
import { RelativeTime } from '../../components/RelativeTime';
import { ServerStateBadge, WaitsBadge } from '../../components/StateBadge';
import { bytesPerSecond, count, duration } from '../../format/units';
import { plural } from '../../format/words';
import { useLatest, useModel } from '../../state/hooks';
import { go, serverHref } from '../../state/route';
import { useDialogs } from '../dialogs';
import { usePromptOf } from '../prompts';
import { address, asksAboutHostKey, isFresh, wayTo } from '../servers';
import { reasonFor } from '../unavailable';
import classes from './Overview.module.css';
import { RowActions } from './RowActions';

/** How many columns show observed values however small the window is. */
const METER_COLUMNS = 3;

/** A click anywhere in the row opens the server, unless it was meant for something in it. */
function openUnlessControl(event: MouseEvent<HTMLTableRowElement>, view: ServerView): void {
  const control = event.target instanceof Element && event.target.closest('a, button, [role="menuitem"]');
  if (!control) go({ screen: 'server', id: view.server.id, at: null, part: 'metrics' });
}

export const ServerRow = memo(function ServerRow({ view }: { view: ServerView }) {
  const { server, state, summary, failure, firing } = view;
  const prompt = usePromptOf(server.id);
  const open = useDialogs();
  const where = [address(server.target), wayTo(server.target)].filter((word) => word !== '').join(' ');
  const labels = [server.environment, ...server.tags].filter((word) => word !== null).join(' · ');
  return (
    // The link in the first cell does the same for the keyboard.
    <tr
      className={classes.row}
      data-faded={!isFresh(state)}
      onClick={(event) => {
        openUnlessControl(event, view);
      }}
    >
      <th scope="row" className={classes.name}>
        <div className={classes.title}>
          <a href={serverHref(server.id)} title={server.name}>
            {server.name}
          </a>
          {labels !== '' && (
            <span className={classes.labels} title={labels}>
              {labels}
            </span>
          )}
        </div>
        <span className={classes.about} title={where}>
          {where}
        </span>
      </th>
      <td>
        <div className={classes.state}>
          {prompt ? <WaitsBadge /> : <ServerStateBadge state={state} />}
          {firing > 0 && (
            <span className={classes.firing}>
              <AlertTriangle size={13} aria-hidden /> {plural(firing, 'alert')}
            </span>
          )}
          {failure && !prompt && <Cause failure={failure} />}
          {failure && !prompt && asksAboutHostKey(failure) && (
            <Button
              size="compact-xs"
              variant="light"
              onClick={() => {
                open({ kind: 'test', id: server.id, review: true });
              }}
            >
              Review host key
            </Button>
          )}
          <Hints view={view} />
        </div>
      </td>
      {summary ? (
        <Values view={view} summary={summary} />
      ) : (
        <>
          <td colSpan={METER_COLUMNS} className={classes.nothing}>
            Nothing was observed yet
          </td>
          <td className={classes.loadColumn} />
          <td className={classes.networkColumn} />
        </>
      )}
      <td>
        <div className={classes.pair}>
          <span>{view.lastSeen === null ? 'never seen' : <RelativeTime at={view.lastSeen} />}</span>
          <span className={classes.second}>
            {view.nextVisit === null ? (
              'no visit planned'
            ) : (
              <>
                next <RelativeTime at={view.nextVisit} coming />
              </>
            )}
          </span>
        </div>
      </td>
      <td>
        <RowActions view={view} />
      </td>
    </tr>
  );
});

/** Why the latest visit failed: as much as there is room for, and all of it for whoever points at it or comes to it by keyboard. */
function Cause({ failure: { message, hint } }: { failure: Failure }) {
  return (
    <Tooltip
      label={
        <>
          <div>{message}</div>
          <div>{hint}</div>
        </>
      }
    >
      {/* Focusable, so that it can be read in full without a mouse. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <span className={classes.failure} tabIndex={0} role="note" aria-label={`${message} ${hint}`}>
        {message}
      </span>
    </Tooltip>
  );
}

/** What deserves a look some time, and disks that will be full soon. */
function Hints({ view: { server, overBudget } }: { view: ServerView }) {
  const alerts = useModel((model) => model.alerts);
  const filling = alerts.filter((alert) => alert.server === server.id && alert.rule === 'diskFullIn');
  const tables = useLatest(server.id)?.tables;
  const failed = tables?.units?.length ?? 0;
  const reboot = tables?.reboot ?? [];
  const hints = [
    filling.length > 0 && {
      word: plural(filling.length, 'disk fills up', 'disks fill up'),
      about: filling.map(({ message }) => message).join('; '),
    },
    reboot.length > 0 && { word: 'reboot required', about: reboot.join(', ') },
    failed > 0 && {
      word: plural(failed, 'failed unit'),
      about: (tables?.units ?? []).map(({ name }) => name).join(', '),
    },
    overBudget.length > 0 && { word: 'over budget', about: overBudget.join('; ') },
  ].filter((hint) => hint !== false);
  return hints.map(({ word, about }) => (
    <span key={word} className={classes.hint} title={about}>
      {word}
    </span>
  ));
}

function Values({ view: { server, state }, summary }: { view: ServerView; summary: Summary }) {
  const latest = useLatest(server.id);
  const alerts = useModel((model) => model.alerts);
  const firing = (rule: RuleKind) => alerts.some((alert) => alert.server === server.id && alert.rule === rule);
  const faded = !isFresh(state);
  const { thresholds } = server;
  return (
    <>
      <td>
        <Meter
          label="CPU"
          value={summary.cpu}
          threshold={thresholds.cpu}
          firing={firing('cpu')}
          faded={faded}
          reason={reasonFor(latest, 'cpu')}
        />
      </td>
      <td>
        <Meter
          label="Memory"
          value={summary.memory}
          threshold={thresholds.memory}
          firing={firing('memory')}
          faded={faded}
          reason={reasonFor(latest, 'memory')}
        />
      </td>
      <td>
        <Meter
          label="Disk"
          value={summary.disk}
          threshold={thresholds.disk}
          firing={firing('disk')}
          faded={faded}
          reason={reasonFor(latest, 'filesystems')}
          detail={summary.diskMountpoint}
        />
      </td>
      <td className={classes.loadColumn}>
        <div className={classes.pair}>
          <span>{summary.load === null ? <Absent reason={reasonFor(latest, 'load')} /> : count(summary.load)}</span>
          <span className={classes.second}>
            {summary.uptime === null ? <Absent reason={reasonFor(latest, 'uptime')} /> : duration(summary.uptime)}
          </span>
        </div>
      </td>
      <td className={classes.networkColumn}>
        <div className={classes.pair}>
          <span title="received">
            <ArrowDown size={11} aria-label="received" />{' '}
            {summary.networkReceive === null ? (
              <Absent reason={reasonFor(latest, 'network')} />
            ) : (
              bytesPerSecond(summary.networkReceive)
            )}
          </span>
          <span title="sent">
            <ArrowUp size={11} aria-label="sent" />{' '}
            {summary.networkTransmit === null ? (
              <Absent reason={reasonFor(latest, 'network')} />
            ) : (
              bytesPerSecond(summary.networkTransmit)
            )}
          </span>
        </div>
      </td>
    </>
  );
}
