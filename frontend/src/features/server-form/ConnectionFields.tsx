import { Fieldset, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';

import type { ServerView } from '../../api/gen/ServerView';
import { HostFields } from './HostFields';
import { JumpFields } from './JumpFields';
import { LoginList } from './LoginList';
import classes from './ServerForm.module.css';
import type { FormValues } from './values';

export interface FieldsProps {
  form: UseFormReturnType<FormValues>;
  view: ServerView | null;
  /** The path of the field that has the focus when the form opens. */
  first: string;
}

/** Where the server is and how to log in. This computer has only its name. */
export function ConnectionFields({ form, view, first }: FieldsProps) {
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
      <TextInput
        label="Name"
        placeholder="web-1"
        data-autofocus={first === 'name' || undefined}
        {...form.getInputProps('name')}
      />
      <HostFields form={form} first={first} prefix="" />
      <LoginList form={form} view={view} first={first} prefix="" />
      <JumpFields form={form} view={view} first={first} />
    </Fieldset>
  );
}
