import { NumberInput, TextInput } from '@mantine/core';

import type { FieldsProps } from './ConnectionFields';
import classes from './ServerForm.module.css';

/** Where a host is, and who logs in there. */
export function HostFields({ form, first, prefix }: Pick<FieldsProps, 'form' | 'first'> & { prefix: string }) {
  const jump = prefix !== '';
  return (
    <div className={classes.hostRow}>
      <TextInput
        label="Host"
        placeholder={jump ? 'bastion.example.org' : 'web1.example.org or 192.0.2.10'}
        spellCheck={false}
        {...form.getInputProps(`${prefix}host`)}
      />
      <NumberInput
        label="Port"
        min={1}
        max={65_535}
        allowDecimal={false}
        clampBehavior="none"
        hideControls
        {...form.getInputProps(`${prefix}port`)}
      />
      <TextInput
        label="User"
        placeholder="ops"
        autoComplete="off"
        spellCheck={false}
        data-autofocus={first === `${prefix}user` || undefined}
        {...form.getInputProps(`${prefix}user`)}
      />
    </div>
  );
}
