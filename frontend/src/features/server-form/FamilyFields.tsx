import { Switch } from '@mantine/core';

import type { Family } from '../../api/gen/Family';
import { Disclosure } from '../../components/Disclosure';
import { familyCost, familyGroups } from '../../format/families';
import { familyWord } from '../../format/words';
import type { FieldsProps } from './ConnectionFields';
import classes from './ServerForm.module.css';

/** What is read, family by family. Most people leave all of it on and never open it. */
export function FamilyFields({ form }: Pick<FieldsProps, 'form'>) {
  const off = form.values.familiesOff;
  const error = form.errors.familiesOff;
  const turn = (family: Family, on: boolean) => {
    form.setFieldValue('familiesOff', on ? off.filter((one) => one !== family) : [...off, family]);
  };
  const names = off.map((family) => familyWord[family]).join(', ');
  return (
    <div>
      <Disclosure
        label="What is read"
        beside={off.length === 0 ? 'everything' : `all but ${names}`}
        forced={error !== undefined}
      >
        <p className={classes.help}>
          What a server does not have is “not available” and costs next to nothing. What is read less often than the
          server is visited rests in between.
        </p>
        {familyGroups.map(({ title, families }) => (
          <div key={title} role="group" aria-label={title} className={classes.families}>
            <span className={classes.groupTitle}>{title}</span>
            {families.map((family) => (
              <Switch
                key={family}
                size="xs"
                label={familyWord[family]}
                description={familyCost(family)}
                checked={!off.includes(family)}
                onChange={({ currentTarget: { checked } }) => {
                  turn(family, checked);
                }}
              />
            ))}
          </div>
        ))}
        {error !== undefined && (
          <p className={classes.error} role="alert">
            {error}
          </p>
        )}
      </Disclosure>
    </div>
  );
}
