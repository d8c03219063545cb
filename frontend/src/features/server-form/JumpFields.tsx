import { Switch } from '@mantine/core';
import { useId } from 'react';

import type { FieldsProps } from './ConnectionFields';
import { HostFields } from './HostFields';
import { LoginList } from './LoginList';
import { OrderButtons } from './OrderButtons';
import { SecretField } from './SecretField';
import classes from './ServerForm.module.css';
import { newLogin } from './values';

/** The hosts that are passed on the way, in order. Without any, nothing. */
export function JumpFields({ form, view }: FieldsProps) {
  const label = useId();
  const { jumps, logins } = form.values;
  const error = form.errors.jumps;
  if (jumps.length === 0) return null;
  return (
    <div className={classes.logins}>
      <span id={label} className={classes.label}>
        {jumps.length === 1 ? 'Jump host' : 'Jump hosts, passed in this order'}
      </span>
      <ol className={classes.rows} aria-labelledby={label} data-several>
        {jumps.map((jump, index) => {
          const prefix = `jumps.${index}.`;
          return (
            <li key={jump.id} className={classes.row} aria-label={`Jump host ${index + 1}`}>
              <div className={classes.rowHead}>
                <span className={classes.rowTitle}>Jump host {jumps.length > 1 ? index + 1 : ''}</span>
                <OrderButtons
                  what={`jump host ${index + 1}`}
                  index={index}
                  length={jumps.length}
                  onMove={(to) => {
                    form.reorderListItem('jumps', { from: index, to });
                  }}
                  onRemove={() => {
                    form.removeListItem('jumps', index);
                  }}
                />
              </div>
              <HostFields form={form} prefix={prefix} />
              <Switch
                label="Log in as on the server"
                description="In the same ways. A password is never shared between hosts."
                size="xs"
                checked={jump.likeServer}
                onChange={({ currentTarget: { checked } }) => {
                  // What was typed for one way to log in must never be sent for another.
                  form.setFieldValue(`${prefix}password`, newLogin('agent').passphrase);
                  form.setFieldValue(`${prefix}likeServer`, checked);
                }}
              />
              {!jump.likeServer && <LoginList form={form} view={view} prefix={prefix} />}
              {jump.likeServer && logins.some(({ method }) => method === 'password') && (
                <SecretField form={form} view={view} path={`${prefix}password`} of={` of jump host ${index + 1}`} />
              )}
            </li>
          );
        })}
      </ol>
      {error !== undefined && <p className={classes.error}>{error}</p>}
    </div>
  );
}
