import type { ReactNode } from 'react';

import classes from './DataTable.module.css';

export interface Column<Row> {
  title: string;
  /** Whether the cells are numbers. */
  numeric?: boolean;
  /** Whether the cells may take the room that the others leave. */
  wide?: boolean;
  cell: (row: Row) => ReactNode;
}

interface DataTableProps<Row> {
  /** What the table holds. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
}

/** A table for people. The first column names the row. */
export function DataTable<Row>({ label, columns, rows, keyOf }: DataTableProps<Row>) {
  return (
    <table className={classes.table} aria-label={label}>
      <thead>
        <tr>
          {columns.map(({ title, numeric, wide }) => (
            <th key={title} scope="col" data-numeric={numeric} data-wide={wide}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
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
