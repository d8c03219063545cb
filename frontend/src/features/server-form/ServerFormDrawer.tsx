import { Button, Drawer } from '@mantine/core';
import { useForm } from '@mantine/form';
import { PlugZap } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

import { engine } from '../../api/commands';
import { type CommandError, toCommandError } from '../../api/errors';
import type { ServerView } from '../../api/gen/ServerView';
import { Note } from '../../components/Note';
import { HostKeyDialog } from '../connection/HostKeyDialog';
import { TestResult } from '../connection/TestResult';
import { useConnectionTest } from '../connection/useConnectionTest';
import { focusIsLost, giveFocusBack, opener } from '../focus';
import { usePrompted } from '../prompts';
import { toastDone } from '../toasts';
import { ConnectionFields } from './ConnectionFields';
import { DiscardDialog } from './DiscardDialog';
import { LabelFields } from './LabelFields';
import { MetricsFields } from './MetricsFields';
import { wrongFields } from './schema';
import classes from './ServerForm.module.css';
import {
  askedSecrets,
  type FormValues,
  initialValues,
  isSaved,
  loginField,
  repeatsServer,
  sameConnection,
  shownFields,
  shownPath,
  toServerForm,
} from './values';

interface ServerFormDrawerProps {
  /** Absent for a new server. */
  view: ServerView | null;
  /** Where the form is opened because a login failed. */
  part?: 'login' | undefined;
  onClose: () => void;
}

/** The errors of the engine by field of the form. */
function fieldErrors({ code, message, fields }: CommandError, values: FormValues): Record<string, string> {
  if (code === 'name_taken' && fields.length === 0) return { name: message };
  return Object.fromEntries(fields.map((field) => [shownPath(field.field, values), field.message]));
}

/** How the form opens: where a login failed with a saved secret, that is to be replaced; it has the focus either way. */
function opening(view: ServerView | null, part: 'login' | undefined): { values: FormValues; first: string } {
  const values = initialValues(view);
  if (!view || part !== 'login') return { values, first: 'name' };
  const first = loginField(values, view.failure?.hop ?? null);
  const secret = askedSecrets(values).find(({ path }) => `${path}.value` === first);
  if (secret && isSaved(view, secret)) secret.values.action = 'set';
  return { values, first };
}

/** Leads to the first field that is wrong, or to the note that says what is. */
function showFirstWrong(sections: HTMLElement | null): void {
  // Of a field of several parts, the frame around its input is marked.
  const field = sections?.querySelector('[aria-invalid="true"]');
  const wrong = field?.querySelector('input') ?? field ?? sections?.querySelector('[role="alert"]');
  if (wrong instanceof HTMLElement) wrong.focus({ preventScroll: true });
  wrong?.scrollIntoView({ block: 'center' });
}

/** Adds a server, or changes one. */
export function ServerFormDrawer({ view, part, onClose }: ServerFormDrawerProps) {
  const local = view?.server.target.kind === 'local';
  const [{ values: initial, first }] = useState(() => opening(view, part));
  const test = useConnectionTest();
  const prompted = usePrompted();
  const form = useForm<FormValues>({
    initialValues: initial,
    validateInputOnBlur: true,
    validate: (values) => wrongFields(values, view),
    onValuesChange: (values, before) => {
      if (!sameConnection(values, before)) test.reset();
    },
  });
  const sections = useRef<HTMLDivElement>(null);
  const result = useRef<HTMLDivElement>(null);
  const testButton = useRef<HTMLButtonElement>(null);
  const left = useRef<HTMLElement | null>(null);
  const [saving, setSaving] = useState(false);
  const [asksToDiscard, setAsksToDiscard] = useState(false);
  const [error, setError] = useState<CommandError | null>(null);
  const [refusals, setRefusals] = useState(0);
  const shown = shownFields(form.values, view);
  const homeless = Object.entries(form.errors).filter(([path]) => !shown.includes(path));

  useEffect(() => {
    if (refusals > 0) showFirstWrong(sections.current);
  }, [refusals]);

  // The trap of the drawer gives the focus without scrolling to it.
  useEffect(() => {
    if (part === 'login') sections.current?.querySelector('[data-autofocus]')?.scrollIntoView({ block: 'center' });
  }, [part]);

  // The button cannot have the focus while the test runs, nor while a person looks at a host key.
  const testIsOver = (test.state.phase === 'ended' || test.state.phase === 'refused') && !test.offer;
  useEffect(() => {
    if (testIsOver && focusIsLost()) testButton.current?.focus({ preventScroll: true });
  }, [testIsOver]);

  const leave = () => {
    if (form.isDirty()) {
      left.current = opener();
      setAsksToDiscard(true);
    } else onClose();
  };

  const keepEditing = () => {
    setAsksToDiscard(false);
    giveFocusBack(() => left.current);
  };

  const markRefused = () => {
    setRefusals((before) => before + 1);
  };

  const refuse = (refusal: CommandError) => {
    const errors = Object.fromEntries(
      Object.entries(fieldErrors(refusal, form.getValues())).filter(([path]) => !repeatsServer(path, form.getValues())),
    );
    for (const { path, values } of askedSecrets(form.getValues())) {
      // What was to be kept has no field to show an error at.
      if (errors[`${path}.value`] !== undefined && values.action !== 'set') form.setFieldValue(`${path}.action`, 'set');
    }
    form.setErrors(errors);
    setError(Object.keys(errors).length > 0 ? null : refusal);
    markRefused();
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
    if (form.validate().hasErrors) {
      test.reset();
      markRefused();
      return;
    }
    void test.run(toServerForm(form.getValues(), view), view?.server.id ?? null);
    requestAnimationFrame(() => result.current?.scrollIntoView({ block: 'nearest' }));
  };

  return (
    <>
      <Drawer
        opened
        onClose={leave}
        position="right"
        size={540}
        title={view ? `Edit ${view.server.name}` : 'Add server'}
        closeOnEscape={!test.offer && !asksToDiscard && !prompted}
        closeOnClickOutside={!form.isDirty() && !prompted}
        classNames={{ title: classes.drawerTitle, content: classes.drawerContent, body: classes.drawerBody }}
      >
        <form className={classes.form} noValidate onSubmit={form.onSubmit((values) => void save(values), markRefused)}>
          <div className={classes.sections} ref={sections}>
            {error && <Note tone="bad" urgent title={error.message} hint={error.hint} />}
            {homeless.map(([path, message]) => (
              <Note key={path} tone="bad" urgent title={`“${path}” cannot stay as it is.`}>
                {message}
              </Note>
            ))}
            <ConnectionFields form={form} view={view} first={first} />
            <LabelFields form={form} />
            <MetricsFields form={form} local={local} />
            <div ref={result}>
              <TestResult state={test.state} />
            </div>
          </div>
          <div className={classes.footer}>
            {!local && (
              <Button
                ref={testButton}
                variant="default"
                className={classes.testButton}
                leftSection={<PlugZap size={14} aria-hidden />}
                loading={test.state.phase === 'running'}
                onClick={runTest}
              >
                Test connection
              </Button>
            )}
            <Button variant="default" onClick={leave}>
              Cancel
            </Button>
            <Button type="submit" loading={saving}>
              {view ? 'Save' : 'Add server'}
            </Button>
          </div>
        </form>
      </Drawer>
      {test.offer && <HostKeyDialog offer={test.offer} onAccept={() => void test.accept()} onDecline={test.decline} />}
      {asksToDiscard && <DiscardDialog onKeep={keepEditing} onDiscard={onClose} />}
    </>
  );
}
