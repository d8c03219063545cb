import { Button, Drawer } from '@mantine/core';
import { schemaResolver, useForm } from '@mantine/form';
import { PlugZap } from 'lucide-react';
import { useRef, useState } from 'react';

import { engine } from '../../api/commands';
import { type CommandError, toCommandError } from '../../api/errors';
import type { ServerView } from '../../api/gen/ServerView';
import { Note } from '../../components/Note';
import { toastDone } from '../toasts';
import { ConnectionFields } from './ConnectionFields';
import { HostKeyDialog } from './HostKeyDialog';
import { LabelFields } from './LabelFields';
import { MetricsFields } from './MetricsFields';
import { schemaFor } from './schema';
import classes from './ServerForm.module.css';
import { TestResult } from './TestResult';
import { useConnectionTest } from './useConnectionTest';
import { type FormValues, initialValues, toServerForm } from './values';

interface ServerFormDrawerProps {
  /** Absent for a new server. */
  view: ServerView | null;
  onClose: () => void;
}

/** The errors of the engine by field of the form. */
function fieldErrors({ code, message, fields }: CommandError): Record<string, string> {
  if (code === 'name_taken' && fields.length === 0) return { name: message };
  return Object.fromEntries(fields.map((field) => [field.field, field.message]));
}

/** Adds a server, or changes one. */
export function ServerFormDrawer({ view, onClose }: ServerFormDrawerProps) {
  const local = view?.server.target.kind === 'local';
  const [initial] = useState(() => initialValues(view));
  const form = useForm<FormValues>({
    initialValues: initial,
    validateInputOnBlur: true,
    validate: (values) => schemaResolver(schemaFor(values, view), { sync: true })(values),
  });
  const test = useConnectionTest();
  const result = useRef<HTMLDivElement>(null);
  const [saving, setSaving] = useState(false);
  const [error, setError] = useState<CommandError | null>(null);

  const refuse = (refusal: CommandError) => {
    const errors = fieldErrors(refusal);
    form.setErrors(errors);
    setError(Object.keys(errors).length > 0 ? null : refusal);
  };

  const save = async (values: FormValues) => {
    setSaving(true);
    setError(null);
    try {
      const draft = toServerForm(values, view);
      const saved = view ? await engine.updateServer(view.server.id, draft) : await engine.addServer(draft);
      toastDone(view ? `${saved.server.name} was saved` : `${saved.server.name} was added`);
      onClose();
    } catch (cause) {
      refuse(toCommandError(cause));
    } finally {
      setSaving(false);
    }
  };

  const runTest = () => {
    if (form.validate().hasErrors) return;
    void test.run(toServerForm(form.getValues(), view), view?.server.id ?? null);
    requestAnimationFrame(() => result.current?.scrollIntoView({ block: 'nearest' }));
  };

  return (
    <>
      <Drawer
        opened
        onClose={onClose}
        position="right"
        size={540}
        title={view ? `Edit ${view.server.name}` : 'Add server'}
        closeOnEscape={!test.offer}
        trapFocus={!test.offer}
        classNames={{ title: classes.drawerTitle, body: classes.drawerBody }}
      >
        <form className={classes.form} noValidate onSubmit={form.onSubmit((values) => void save(values))}>
          <div className={classes.sections}>
            {error && <Note tone="bad" urgent title={error.message} hint={error.hint} />}
            <ConnectionFields form={form} view={view} />
            <LabelFields form={form} />
            <MetricsFields form={form} local={local} />
            <div ref={result}>
              <TestResult state={test.state} />
            </div>
          </div>
          <div className={classes.footer}>
            {!local && (
              <Button
                variant="default"
                className={classes.testButton}
                leftSection={<PlugZap size={14} aria-hidden />}
                loading={test.state.phase === 'running'}
                onClick={runTest}
              >
                Test connection
              </Button>
            )}
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={saving}>
              {view ? 'Save' : 'Add server'}
            </Button>
          </div>
        </form>
      </Drawer>
      {test.offer && <HostKeyDialog offer={test.offer} onAccept={() => void test.accept()} onDecline={test.decline} />}
    </>
  );
}
