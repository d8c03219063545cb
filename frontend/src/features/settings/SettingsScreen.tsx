import { SegmentedControl, Switch, useMantineColorScheme } from '@mantine/core';
import { useId } from 'react';

import { engine } from '../../api/commands';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { useModel } from '../../state/hooks';
import { BackupPanel } from '../backup/BackupPanel';
import { attempt } from '../toasts';
import { BudgetFields } from './BudgetFields';
import { Concurrency } from './Concurrency';
import classes from './Settings.module.css';
import { StoragePanel } from './storage/StoragePanel';

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
      <BackupPanel />
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
