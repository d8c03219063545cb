import { TextInput } from '@mantine/core';
import type { ReactNode } from 'react';

export interface Bounds {
  least: number;
  most: number;
  /** Whether it has no part behind the point. */
  whole?: boolean;
  /** Whether the field may be empty. */
  optional?: boolean;
}

/** The number that stands in a field; null where it may be empty and is; undefined where it is no number within the bounds. */
export function numberIn(
  text: string,
  { least, most, whole = false, optional = false }: Bounds,
): number | null | undefined {
  const plain = text.trim();
  if (plain === '') return optional ? null : undefined;
  const number = /^\d+(\.\d+)?$/.test(plain) ? Number(plain) : NaN;
  return number >= least && number <= most && (!whole || Number.isInteger(number)) ? number : undefined;
}

interface NumberFieldProps {
  label: string;
  description?: string;
  /** What stands behind the number, such as `MiB`. */
  unit?: string;
  text: string;
  onChange: (text: string) => void;
  /** What would be right, where it is wrong. */
  error: ReactNode;
}

/** A number as it was typed: what is wrong stays where it is and is named, nothing is dropped in silence. */
export function NumberField({ label, description, unit, text, onChange, error }: NumberFieldProps) {
  return (
    <TextInput
      label={unit === undefined ? label : `${label} (${unit})`}
      description={description}
      inputMode="decimal"
      autoComplete="off"
      spellCheck={false}
      value={text}
      error={error}
      onChange={({ currentTarget: { value } }) => {
        onChange(value);
      }}
    />
  );
}
