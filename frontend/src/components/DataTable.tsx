import { ArrowDown, ArrowUp } from 'lucide-react';
import { type ReactNode, useMemo, useState } from 'react';

import classes from './DataTable.module.css';

export interface Column<Row> {
  title: string;
  /** Whether the cells are numbers. */
  numeric?: boolean;
  /** Whether the cells may take the room that the others leave. */
  wide?: boolean;
  cell: (row: Row) => ReactNode;
  /** What the rows can be sorted by; null, which is not known, comes last. */
  order?: (row: Row) => number | string | null;
}

type Direction = 'ascending' | 'descending';

interface Sorting {
  title: string;
  direction: Direction;
}

const byName = new Intl.Collator(undefined, { numeric: true });

function compare(a: number | string, b: number | string): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : byName.compare(String(a), String(b));
}

function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sorting: Sorting | null): readonly Row[] {
  const order = columns.find(({ title }) => title === sorting?.title)?.order;
  if (!sorting || !order) return rows;
  const sign = sorting.direction === 'ascending' ? 1 : -1;
  return rows.toSorted((one, other) => {
    const [a, b] = [order(one), order(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return sign * compare(a, b);
  });
}

/** A first click sorts upwards, a second one downwards, a third one not at all. */
function next(sorting: Sorting | null, title: string): Sorting | null {
  if (sorting?.title !== title) return { title, direction: 'ascending' };
  return sorting.direction === 'ascending' ? { title, direction: 'descending' } : null;
}

interface DataTableProps<Row> {
  /** What the table holds. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
}

/** A table for people. The first column names the row; columns that have an order can be sorted by. */
export function DataTable<Row>({ label, columns, rows, keyOf }: DataTableProps<Row>) {
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const shown = useMemo(() => sorted(rows, columns, sorting), [rows, columns, sorting]);
  return (
    <table className={classes.table} aria-label={label}>
      <thead>
        <tr>
          {columns.map(({ title, numeric, wide, order }) => {
            const direction = sorting?.title === title ? sorting.direction : undefined;
            return (
              <th key={title} scope="col" data-numeric={numeric} data-wide={wide} aria-sort={direction}>
                {order ? (
                  <button
                    type="button"
                    className={classes.sort}
                    onClick={() => {
                      setSorting(next(sorting, title));
                    }}
                  >
                    {title}
                    {direction === 'ascending' && <ArrowUp size={11} aria-hidden />}
                    {direction === 'descending' && <ArrowDown size={11} aria-hidden />}
                  </button>
                ) : (
                  title
                )}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>
        {shown.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ title, numeric, wide, cell }, index) =>
              index === 0 ? (
                <th key={title} scope="row" data-numeric={numeric} data-wide={wide}>
                  {cell(row)}
                </th>
              ) : (
                <td key={title} data-numeric={numeric} data-wide={wide}>
                  {cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
