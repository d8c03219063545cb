import { Button, Group } from '@mantine/core';
import { CheckCircle2, PlugZap, XCircle } from 'lucide-react';

import type { ConnectionTest } from '../../../api/gen/ConnectionTest';
import type { ServerId } from '../../../api/gen/ServerId';
import { Disclosure } from '../../../components/Disclosure';
import { Empty } from '../../../components/Empty';
import { Panel } from '../../../components/Panel';
import { Badge } from '../../../components/StateBadge';
import { absolute } from '../../../format/time';
import { stageWord } from '../../../format/words';
import { TestResult } from '../../connection/TestResult';
import { useDialogs } from '../../dialogs';
import { TableExport } from '../../export/ExportMenu';
import { Loaded } from '../../Loaded';
import type { Fetched } from '../../useFetched';
import classes from './ConnectionPart.module.css';

/** The tests that were made of a saved server, newest first, each with its report. */
export function TestHistory({ id, tests }: { id: ServerId; tests: Fetched<ConnectionTest[]> }) {
  const open = useDialogs();
  return (
    <Panel
      title="Tests"
      actions={
        <Group gap="xs">
          <TableExport what="tests" table="tests" server={id} />
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<PlugZap size={12} aria-hidden />}
            onClick={() => {
              open({ kind: 'test', id, review: false });
            }}
          >
            Test now
          </Button>
        </Group>
      }
      flush
    >
      <Loaded what="tests" fetched={tests}>
        {(all) =>
          all.length > 0 ? (
            <ul className={classes.tests} aria-label="Connection tests">
              {all.map((test) => (
                <li key={test.id}>
                  <Disclosure label={<TestHead test={test} />}>
                    <TestResult state={{ phase: 'ended', report: test.report }} />
                  </Disclosure>
                </li>
              ))}
            </ul>
          ) : (
            <Empty title="No test was made yet." />
          )
        }
      </Loaded>
    </Panel>
  );
}

function TestHead({ test: { at, report } }: { test: ConnectionTest }) {
  const { failure } = report;
  return (
    <span className={classes.testHead}>
      <time dateTime={new Date(at).toISOString()}>{absolute(at)}</time>
      {failure ? (
        <Badge
          icon={XCircle}
          tone="bad"
          word={`Failed: ${stageWord[failure.stage]}${failure.hop === null ? '' : ` at ${failure.hop}`}`}
        />
      ) : (
        <Badge icon={CheckCircle2} tone="good" word="Passed" />
      )}
    </span>
  );
}
