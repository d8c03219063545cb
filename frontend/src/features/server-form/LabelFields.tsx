import { Fieldset, TagsInput, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';

import classes from './ServerForm.module.css';
import type { FormValues } from './values';

/** What helps people to find the server again. */
export function LabelFields({ form }: { form: UseFormReturnType<FormValues> }) {
  return (
    <Fieldset legend="Labels" className={classes.fields}>
      <div className={classes.halves}>
        <TextInput label="Environment" placeholder="production" {...form.getInputProps('environment')} />
        <TagsInput
          label="Tags"
          placeholder={form.values.tags.length === 0 ? 'Type a tag, press Enter' : ''}
          acceptValueOnBlur
          classNames={{ pill: classes.pill }}
          {...form.getInputProps('tags')}
        />
      </div>
    </Fieldset>
  );
}
