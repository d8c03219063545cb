import { Fieldset, NativeSelect, NumberInput, Switch } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';

import { duration } from '../../format/units';
import { FamilyFields } from './FamilyFields';
import classes from './ServerForm.module.css';
import type { FormValues } from './values';

const CUSTOM = 'custom';
const presets = [10, 30, 60, 300, 900];
const localPresets = [2, 5, 10, 30, 60];

interface MetricsFieldsProps {
  form: UseFormReturnType<FormValues>;
  local: boolean;
}

/** Whether and how often the server is visited, and when its alerts fire. */
export function MetricsFields({ form, local }: MetricsFieldsProps) {
  const { interval } = form.values;
  const offered = local ? localPresets : presets;
  const [custom, setCustom] = useState(() => !offered.includes(Number(interval)));
  return (
    <Fieldset legend="Metrics" className={classes.fields}>
      <Switch label="Collect on a schedule" {...form.getInputProps('enabled', { type: 'checkbox' })} />
      <div className={classes.halves}>
        <NativeSelect
          label="Interval"
          description="1 min or more is recommended."
          data={[
            ...offered.map((seconds) => ({ value: String(seconds), label: duration(seconds) })),
            { value: CUSTOM, label: 'Custom' },
          ]}
          value={custom ? CUSTOM : String(interval)}
          onChange={({ currentTarget: { value } }) => {
            setCustom(value === CUSTOM);
            if (value !== CUSTOM) form.setFieldValue('interval', Number(value));
          }}
          error={custom ? undefined : form.errors.interval}
        />
        {custom && (
          <NumberInput
            label="Seconds between visits"
            description={local ? 'At least 2.' : 'At least 5.'}
            allowDecimal={false}
            clampBehavior="none"
            hideControls
            {...form.getInputProps('interval')}
          />
        )}
      </div>
      <FamilyFields form={form} />
      <p className={classes.label}>Alert from this share on, in percent. Empty switches the alert off.</p>
      <div className={classes.thirds}>
        <NumberInput
          label="CPU threshold"
          suffix=" %"
          clampBehavior="none"
          hideControls
          {...form.getInputProps('thresholds.cpu')}
        />
        <NumberInput
          label="Memory threshold"
          suffix=" %"
          clampBehavior="none"
          hideControls
          {...form.getInputProps('thresholds.memory')}
        />
        <NumberInput
          label="Disk threshold"
          suffix=" %"
          clampBehavior="none"
          hideControls
          {...form.getInputProps('thresholds.disk')}
        />
      </div>
      <NumberInput
        label="Days until a disk is full"
        description="Alert from so few days on, as far as the last weeks tell. Empty switches the alert off."
        clampBehavior="none"
        hideControls
        {...form.getInputProps('thresholds.diskFullIn')}
      />
    </Fieldset>
  );
}
