import { Fieldset, NumberInput, PasswordInput, SegmentedControl, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useId } from 'react';

import type { ServerView } from '../../api/gen/ServerView';
import { loginWord } from '../../format/words';
import classes from './ServerForm.module.css';
import { canKeepSecret, type FormValues, type Method } from './values';

interface FieldsProps {
  form: UseFormReturnType<FormValues>;
  view: ServerView | null;
}

const methods: Method[] = ['agent', 'key', 'password'];

const methodHelp: Record<Method, string> = {
  agent: 'Uses the keys that the SSH agent of this session holds.',
  key: 'Uses a private key file of this computer.',
  password: 'The password is kept in the keyring of this computer and nowhere else.',
};

/** Where the server is and how to log in. This computer has only its name. */
export function ConnectionFields({ form, view }: FieldsProps) {
  const method = form.values.method;
  const methodLabel = useId();
  if (view?.server.target.kind === 'local') {
    return (
      <Fieldset legend="Connection" className={classes.fields}>
        <TextInput
          label="Name"
          disabled
          {...form.getInputProps('name')}
          description="This computer needs no connection."
        />
      </Fieldset>
    );
  }
  return (
    <Fieldset legend="Connection" className={classes.fields}>
      <TextInput label="Name" placeholder="web-1" data-autofocus {...form.getInputProps('name')} />
      <div className={classes.hostRow}>
        <TextInput label="Host" placeholder="web1.example.org or 192.0.2.10" {...form.getInputProps('host')} />
        <NumberInput
          label="Port"
          min={1}
          max={65_535}
          allowDecimal={false}
          clampBehavior="none"
          hideControls
          {...form.getInputProps('port')}
        />
      </div>
      <TextInput label="User" placeholder="ops" autoComplete="off" {...form.getInputProps('user')} />
      <div>
        <span id={methodLabel} className={classes.label}>
          Login method
        </span>
        <SegmentedControl
          fullWidth
          size="xs"
          role="radiogroup"
          aria-labelledby={methodLabel}
          data={methods.map((value) => ({ value, label: loginWord[value] }))}
          value={method}
          onChange={(value) => {
            // What was typed for one way to log in must never be sent for another.
            form.setValues({ method: value, secret: '', secretAction: 'keep' });
            form.clearFieldError('secret');
          }}
        />
        <p className={classes.help}>{methodHelp[method]}</p>
      </div>
      {method === 'key' && (
        <TextInput
          label="Private key file"
          placeholder="~/.ssh/id_ed25519"
          spellCheck={false}
          {...form.getInputProps('keyPath')}
        />
      )}
      {method !== 'agent' && <SecretFields form={form} view={view} />}
    </Fieldset>
  );
}

function SecretFields({ form, view }: FieldsProps) {
  const choice = useId();
  const word = form.values.method === 'password' ? 'Password' : 'Passphrase';
  const saved = canKeepSecret(view, form.values.method);
  const asks = !saved || form.values.secretAction === 'set';
  const optional = form.values.method === 'key' && !saved;
  return (
    <>
      {saved && (
        <div>
          <span id={choice} className={classes.label}>
            Saved {word.toLowerCase()}
          </span>
          <SegmentedControl
            fullWidth
            size="xs"
            role="radiogroup"
            aria-labelledby={choice}
            data={[
              { value: 'keep', label: 'Keep' },
              { value: 'set', label: 'Replace' },
              { value: 'clear', label: 'Remove' },
            ]}
            value={form.values.secretAction}
            onChange={(value) => {
              form.setFieldValue('secretAction', value);
              form.setFieldValue('secret', '');
            }}
          />
          <p className={classes.help}>
            {view?.hasSecret === true
              ? `A ${word.toLowerCase()} is saved in the keyring.`
              : `If a ${word.toLowerCase()} is saved in the keyring, it is kept.`}{' '}
            It is never shown.
          </p>
        </div>
      )}
      {asks && (
        <PasswordInput
          label={optional ? `${word} (optional)` : word}
          description={optional ? 'Only where the key file is encrypted.' : undefined}
          autoComplete="off"
          visibilityToggleButtonProps={{ 'aria-label': `Show or hide the ${word.toLowerCase()}`, tabIndex: 0 }}
          {...form.getInputProps('secret')}
        />
      )}
    </>
  );
}
