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
}

/** Where the server is and how to log in. This computer has only its name. */
export function ConnectionFields({ form, view }: FieldsProps) {
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
      <HostFields form={form} prefix="" />
      <LoginList form={form} view={view} prefix="" />
      <JumpFields form={form} view={view} />
    </Fieldset>
  );
}
