import { PasswordInput, SegmentedControl } from '@mantine/core';
import { useId } from 'react';

import type { FieldsProps } from './ConnectionFields';
import classes from './ServerForm.module.css';
import { askedSecrets, isLeftBehind, isSaved } from './values';

interface SecretFieldProps extends FieldsProps {
  /** Where the secret stands in the form. */
  path: string;
  /** Whose secret it is, where that is not plain to see: ` of jump host 1`. */
  of?: string;
}

/** One secret: kept, replaced or removed where one is saved, entered where none is. It is never shown. */
export function SecretField({ form, view, first, path, of = '' }: SecretFieldProps) {
  const choice = useId();
  const asked = askedSecrets(form.values).find((secret) => secret.path === path);
  if (!asked) {
    const what = path.endsWith('password') ? 'password of this host' : 'passphrase of this key file';
    return <p className={classes.help}>The {what} is asked above.</p>;
  }
  const word = asked.slot.kind === 'password' ? 'Password' : 'Passphrase';
  const saved = isSaved(view, asked);
  const optional = word === 'Passphrase' && !saved;
  return (
    <>
      {saved && (
        <div>
          <span id={choice} className={classes.label}>
            Saved {word.toLowerCase()}
            {of}
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
            value={asked.values.action}
            onChange={(action) => {
              form.setFieldValue(path, { action, value: '' });
              form.clearFieldError(`${path}.value`);
            }}
          />
          <p className={classes.help}>A {word.toLowerCase()} is saved in the keyring. It is never shown.</p>
        </div>
      )}
      {(!saved || asked.values.action === 'set') && (
        <PasswordInput
          label={`${word}${of}${optional ? ' (optional)' : ''}`}
          description={
            optional
              ? 'Only where the key file is encrypted.'
              : isLeftBehind(view, asked)
                ? 'The saved one was given for another address or user, and goes to no other.'
                : undefined
          }
          data-autofocus={first === `${path}.value` || undefined}
          autoComplete="off"
          aria-invalid={form.errors[`${path}.value`] !== undefined || undefined}
          visibilityToggleButtonProps={{ 'aria-label': `Show or hide the ${word.toLowerCase()}`, tabIndex: 0 }}
          {...form.getInputProps(`${path}.value`)}
        />
      )}
    </>
  );
}
