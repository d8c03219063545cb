import { Button, NumberInput, SegmentedControl, Switch, useMantineColorScheme } from '@mantine/core';
import { useId, useState } from 'react';

import { engine } from '../../api/commands';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { useModel } from '../../state/hooks';
import { attempt } from '../toasts';
import classes from './Settings.module.css';

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
