/** A table that becomes a list of cards where there is no room for its columns. Rows are drawn by key, and only when they change. */
import type { ComponentChildren, ComponentType } from 'preact';
import { NOTHING } from '../../model/format.ts';
import { memo } from './memo.ts';

export interface Column<R> {
  readonly head: string;
  readonly cell: (row: R) => ComponentChildren;
  /** Numbers stand at the right, below each other. */
  readonly number?: boolean;
  /** The first of a card, without its name; the others have theirs before them. */
  readonly title?: boolean;
}

interface RowProps<R> {
  readonly row: R;
  readonly columns: readonly Column<R>[];
}

const Row = memo(function Row<R>({ row, columns }: RowProps<R>) {
  return (
    <tr>
      {columns.map(({ head, cell, number, title }) => {
        const content = cell(row);
        // On a phone, what is not known takes no place.
        const nothing = content === NOTHING || content === null;
        const classes = [number && 'number', title && 'title', nothing && 'nothing'].filter(Boolean);
        return (
          <td key={head} data-head={head} class={classes.join(' ')}>
            {content}
          </td>
        );
      })}
    </tr>
  );
});

/** `columns` must be the same array each time, or all rows are drawn again. */
export function Table<R>(props: {
  readonly label: string;
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly keyOf: (row: R) => string | number;
}) {
  const TypedRow = Row as ComponentType<RowProps<R> & { key: string | number }>;
  return (
    <div class="table-box">
      <table aria-label={props.label}>
        <thead>
          <tr>
            {props.columns.map(({ head, number }) => (
              <th key={head} scope="col" class={number ? 'number' : ''}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <TypedRow key={props.keyOf(row)} row={row} columns={props.columns} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
