import { Button, MultiSelect, SegmentedControl, TextInput } from '@mantine/core';
import { useId, useState } from 'react';

import type { ServerId } from '../../api/gen/ServerId';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { useModel } from '../../state/hooks';
import { between, lastDays, type Preset, presets, type Range } from './range';
import { ReportOutcome } from './ReportOutcome';
import classes from './Reports.module.css';
import { useReport } from './useReport';

const OTHER = 'other';

type Choice = Preset | typeof OTHER;

function isChoice(value: string): value is Choice {
  return value === OTHER || presets.some((preset) => preset.value === value);
}

interface RangeFieldsProps {
  choice: Choice;
  onChoice: (choice: Choice) => void;
  from: string;
  onFrom: (from: string) => void;
  to: string;
  onTo: (to: string) => void;
}

function RangeFields({ choice, onChoice, from, onFrom, to, onTo }: RangeFieldsProps) {
  const id = useId();
  const wrong = choice === OTHER && from !== '' && to !== '' && between(from, to) === null;
  return (
    <div>
      <span id={id} className={classes.label}>
        Range
      </span>
      <SegmentedControl
        role="radiogroup"
        aria-labelledby={id}
        value={choice}
        onChange={(value) => {
          if (isChoice(value)) onChoice(value);
        }}
        data={[
          ...presets.map(({ value, label }) => ({ value, label: `Last ${label}` })),
          { value: OTHER, label: 'Other' },
        ]}
      />
      {choice === OTHER && (
        <div className={classes.moments}>
          <TextInput
            type="datetime-local"
            label="From"
            value={from}
            onChange={({ currentTarget: { value } }) => {
              onFrom(value);
            }}
          />
          <TextInput
            type="datetime-local"
            label="To"
            value={to}
            onChange={({ currentTarget: { value } }) => {
              onTo(value);
            }}
            error={wrong ? 'The range must begin before it ends.' : undefined}
          />
        </div>
      )}
    </div>
  );
}

function NewReport() {
  const servers = useModel((model) => model.servers);
  const [chosen, setChosen] = useState<string[]>([]);
  const [choice, setChoice] = useState<Choice>('7');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const { state, save, cancel } = useReport();
  const running = state.phase === 'running';
  const known = new Map<string, ServerId>(servers.map(({ server }) => [String(server.id), server.id]));
  const range = (): Range | null => (choice === OTHER ? between(from, to) : lastDays(choice, Date.now()));
  const ready = choice !== OTHER || between(from, to) !== null;
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        const asked = range();
        if (asked === null || running) return;
        // A server that was removed meanwhile is none any more.
        const ids = chosen.flatMap((value) => known.get(value) ?? []);
        void save({ servers: ids, ...asked });
      }}
    >
      <MultiSelect
        label="Servers"
        description="All servers where none is chosen."
        placeholder={chosen.length === 0 ? 'All servers' : undefined}
        data={servers.map(({ server }) => ({ value: String(server.id), label: server.name }))}
        value={chosen}
        onChange={setChosen}
        searchable
        hidePickedOptions
        nothingFoundMessage="No server has such a name."
        maxDropdownHeight={260}
      />
      <RangeFields choice={choice} onChoice={setChoice} from={from} onFrom={setFrom} to={to} onTo={setTo} />
      <div>
        <Button type="submit" disabled={!ready || running}>
          Save report
        </Button>
      </div>
      <ReportOutcome state={state} onCancel={cancel} />
    </form>
  );
}

export function ReportsScreen() {
  return (
    <Page title="Reports">
      <Panel title="New report">
        <p className={classes.about}>
          One HTML file to pass round: charts, averages, 95th percentiles and maxima, alerts, and an uptime that leaves
          out what nobody observed. It holds no script and loads nothing.
        </p>
        <NewReport />
      </Panel>
    </Page>
  );
}
