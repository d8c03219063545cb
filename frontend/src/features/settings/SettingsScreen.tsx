import { Button, NumberInput, SegmentedControl, Switch, useMantineColorScheme } from '@mantine/core';
import { useId, useState } from 'react';

import { engine } from '../../api/commands';
import type { Budget } from '../../api/gen/Budget';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { useModel } from '../../state/hooks';
import { attempt } from '../toasts';
import classes from './Settings.module.css';
import { StoragePanel } from './storage/StoragePanel';

const FEWEST = 1;
const MOST = 64;
const RANGE = `A whole number from ${FEWEST} to ${MOST}.`;

function Concurrency({ current }: { current: number }) {
  const settings = useModel((model) => model.settings);
  const [value, setValue] = useState<number | string>(current);
  const number = Number(value);
  const valid = value !== '' && Number.isInteger(number) && number >= FEWEST && number <= MOST;
  return (
    <form
      className={classes.line}
      onSubmit={(event) => {
        event.preventDefault();
        if (valid) void attempt(engine.setSettings({ ...settings, concurrency: number }), 'Settings saved');
      }}
    >
      <NumberInput
        label="Collections at a time"
        description="1 to 64. More finish sooner and load this computer more."
        min={FEWEST}
        max={MOST}
        clampBehavior="none"
        value={value}
        onChange={setValue}
        error={valid ? undefined : RANGE}
      />
      <Button type="submit" disabled={!valid || number === current}>
        Save
      </Button>
    </form>
  );
}

const MEGABYTE = 1_000_000;

/** What stands in a field as a limit; null where it is empty, undefined where it is no limit at all. */
function limit(field: number | string): number | null | undefined {
  if (field === '') return null;
  return Number(field) >= 0 ? Number(field) : undefined;
}

/** A number that is in force, as its field shows it. */
function shown(value: number | null, unit = 1): number | string {
  return value === null ? '' : value / unit;
}

function BudgetFields({ current }: { current: Budget }) {
  const settings = useModel((model) => model.settings);
  const [logins, setLogins] = useState(shown(current.logins));
  const [megabytes, setMegabytes] = useState(shown(current.bytes, MEGABYTE));
  const [cpu, setCpu] = useState(shown(current.cpu));
  const [most, transferred, spent] = [limit(logins), limit(megabytes), limit(cpu)];
  const budget =
    most === undefined || transferred === undefined || spent === undefined
      ? null
      : { logins: most, bytes: transferred === null ? null : Math.round(transferred * MEGABYTE), cpu: spent };
  const changed = budget !== null && JSON.stringify(budget) !== JSON.stringify(current);
  const field = { clampBehavior: 'none', allowNegative: false, hideControls: true } as const;
  return (
    <form
      className={classes.budget}
      onSubmit={(event) => {
        event.preventDefault();
        if (budget) void attempt(engine.setSettings({ ...settings, budget }), 'Settings saved');
      }}
    >
      <p className={classes.about}>
        A server on which watching costs more than this in a day is pointed out; nothing is stopped. An empty field sets
        no limit.
      </p>
      <NumberInput label="Logins a day" allowDecimal={false} value={logins} onChange={setLogins} {...field} />
      <NumberInput label="Transferred a day" suffix=" MB" value={megabytes} onChange={setMegabytes} {...field} />
      <NumberInput label="CPU of the server a day" suffix=" s" value={cpu} onChange={setCpu} {...field} />
      <Button type="submit" disabled={!changed}>
        Save budget
      </Button>
    </form>
  );
}

function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const id = useId();
  return (
    <div>
      <span id={id} className={classes.label}>
        Appearance
      </span>
      <SegmentedControl
        size="xs"
        role="radiogroup"
        aria-labelledby={id}
        value={colorScheme}
        onChange={setColorScheme}
        data={[
          { value: 'auto', label: 'System' },
          { value: 'light', label: 'Light' },
          { value: 'dark', label: 'Dark' },
        ]}
      />
    </div>
  );
}

export function SettingsScreen() {
  const settings = useModel((model) => model.settings);
  const dataDir = useModel((model) => model.dataDir);
  const version = useModel((model) => model.version);
  return (
    <Page title="Settings">
      <Panel title="Collecting and notifying">
        <div className={classes.fields}>
          <Concurrency key={settings.concurrency} current={settings.concurrency} />
          <Switch
            label="Desktop notifications"
            description="When an alert fires or is resolved."
            checked={settings.notifications}
            onChange={({ currentTarget: { checked } }) =>
              void attempt(engine.setSettings({ ...settings, notifications: checked }))
            }
          />
        </div>
      </Panel>
      <Panel title="What watching a server may cost">
        <BudgetFields key={JSON.stringify(settings.budget)} current={settings.budget} />
      </Panel>
      <StoragePanel />
      <Panel title="Window">
        <Appearance />
      </Panel>
      <Panel title="About">
        <dl className={classes.facts}>
          <dt>Version</dt>
          <dd>{version}</dd>
          <dt>Data directory</dt>
          <dd>
            <code>{dataDir}</code>
          </dd>
        </dl>
      </Panel>
    </Page>
  );
}
