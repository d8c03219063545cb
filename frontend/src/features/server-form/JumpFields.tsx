import { Button, Switch } from '@mantine/core';
import { Plus } from 'lucide-react';
import { useId } from 'react';

import type { FieldsProps } from './ConnectionFields';
import { HostFields } from './HostFields';
import { LoginList } from './LoginList';
import { OrderButtons } from './OrderButtons';
import { SecretField } from './SecretField';
import classes from './ServerForm.module.css';
import { useListFocus } from './useListFocus';
import { MAX_JUMPS, newJump, newLogin } from './values';

/** The hosts that are passed on the way, in order. Without any, only what adds one. */
export function JumpFields({ form, view, first }: FieldsProps) {
  const label = useId();
  const { jumps, logins } = form.values;
  const error = form.errors.jumps;
  const list = useListFocus(jumps.length);
  return (
    <div className={classes.logins} ref={list}>
      {jumps.length > 0 && (
        <span id={label} className={classes.label}>
          {jumps.length === 1 ? 'Jump host' : 'Jump hosts, passed in this order'}
        </span>
      )}
      <ol className={classes.rows} aria-labelledby={label} data-several hidden={jumps.length === 0}>
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
              <HostFields form={form} first={first} prefix={prefix} />
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
              {!jump.likeServer && <LoginList form={form} view={view} first={first} prefix={prefix} />}
              {jump.likeServer && logins.some(({ method }) => method === 'password') && (
                <SecretField
                  form={form}
                  view={view}
                  first={first}
                  path={`${prefix}password`}
                  of={` of jump host ${index + 1}`}
                />
              )}
            </li>
          );
        })}
      </ol>
      {error !== undefined && <p className={classes.error}>{error}</p>}
      {jumps.length < MAX_JUMPS && (
        <Button
          variant="subtle"
          size="compact-xs"
          className={classes.more}
          leftSection={<Plus size={13} aria-hidden />}
          onClick={() => {
            form.insertListItem('jumps', newJump());
          }}
        >
          {jumps.length === 0 ? 'Reach it through a jump host' : 'Add another jump host'}
        </Button>
      )}
    </div>
  );
}
