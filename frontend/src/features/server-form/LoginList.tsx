import { Button } from '@mantine/core';
import { Plus } from 'lucide-react';
import { useId } from 'react';

import { loginWord } from '../../format/words';
import type { FieldsProps } from './ConnectionFields';
import { LoginFields } from './LoginFields';
import { OrderButtons } from './OrderButtons';
import classes from './ServerForm.module.css';
import { useListFocus } from './useListFocus';
import { type LoginValues, MAX_LOGINS, type Method, newLogin } from './values';

/** There is one password for a host, and one person. */
const once: readonly Method[] = ['password', 'prompts'];

/** The way to log in that is added next: the first one that is not there yet. */
function nextMethod(logins: readonly LoginValues[]): Method {
  const methods: Method[] = ['agent', 'key', 'password', 'prompts'];
  return methods.find((method) => logins.every((login) => login.method !== method)) ?? 'key';
}

interface LoginListProps extends FieldsProps {
  /** Before the names of the fields: empty for the server, `jumps.0.` for a jump host. */
  prefix: string;
}

/** How to log in, in the order in which it is tried. One way alone stands there without any order. */
export function LoginList({ form, view, first, prefix }: LoginListProps) {
  const label = useId();
  const path = `${prefix}logins`;
  const jump = /^jumps\.(\d+)\./.exec(prefix)?.[1];
  const logins = (jump === undefined ? form.values : form.values.jumps[Number(jump)])?.logins ?? [];
  const several = logins.length > 1;
  const list = useListFocus(logins.length);
  const error = form.errors[path];
  const where = jump === undefined ? '' : ` of jump host ${Number(jump) + 1}`;

  const usedElsewhere = (index: number) =>
    once.filter((method) => logins.some((login, other) => other !== index && login.method === method));

  return (
    <div className={classes.logins} ref={list}>
      <span id={label} className={classes.label}>
        {several ? 'Ways to log in, tried in this order' : 'Login method'}
      </span>
      <ol className={classes.rows} aria-labelledby={label} data-several={several}>
        {logins.map((login, index) => {
          const what = `way ${index + 1}${where}`;
          return (
            <li key={login.id} className={classes.row} aria-label={several ? `Way ${index + 1}${where}` : undefined}>
              {several && (
                <div className={classes.rowHead}>
                  <span className={classes.rowTitle}>
                    {index + 1}. {loginWord[login.method]}
                  </span>
                  <OrderButtons
                    what={what}
                    index={index}
                    length={logins.length}
                    onMove={(to) => {
                      form.reorderListItem(path, { from: index, to });
                    }}
                    onRemove={() => {
                      form.removeListItem(path, index);
                      if (login.method === 'password')
                        form.setFieldValue(`${prefix}password`, newLogin('agent').passphrase);
                    }}
                  />
                </div>
              )}
              <LoginFields
                form={form}
                view={view}
                first={first}
                prefix={prefix}
                index={index}
                login={login}
                name={several ? `Login method of ${what}` : 'Login method'}
                taken={usedElsewhere(index)}
              />
            </li>
          );
        })}
      </ol>
      {error !== undefined && <p className={classes.error}>{error}</p>}
      {logins.length < MAX_LOGINS && (
        <Button
          variant="subtle"
          size="compact-xs"
          className={classes.more}
          leftSection={<Plus size={13} aria-hidden />}
          onClick={() => {
            form.insertListItem(path, newLogin(nextMethod(logins)));
          }}
        >
          Add another way to log in
        </Button>
      )}
    </div>
  );
}
