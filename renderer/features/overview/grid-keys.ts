import type { ColumnRange } from './matrix-cells.ts';

/** A cell of the matrix, counted from 0. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** Where an arrow key leads from a cell; null for other keys. */
export function moveInGrid(key: string, from: Place, rows: number, columns: number): Place | null {
  const clamp = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));
  switch (key) {
    case 'ArrowLeft':
      return { row: from.row, column: clamp(from.column - 1, columns) };
    case 'ArrowRight':
      return { row: from.row, column: clamp(from.column + 1, columns) };
    case 'ArrowUp':
      return { row: clamp(from.row - 1, rows), column: from.column };
    case 'ArrowDown':
      return { row: clamp(from.row + 1, rows), column: from.column };
    case 'Home':
      return { row: from.row, column: 0 };
    case 'End':
      return { row: from.row, column: columns - 1 };
    default:
      return null;
  }
}

export const COLUMN_PX = 100;
/** Up to this many columns all are drawn. */
const ALL_COLUMNS = 24;
/** Columns drawn beyond either edge, so that an arrow key finds the next one. */
const BEYOND = 4;

/** The columns to draw of a matrix scrolled this far, through an opening this wide. */
export function columnsInView(scrollLeftPx: number, widthPx: number, columns: number): ColumnRange {
  if (columns <= ALL_COLUMNS) return { first: 0, end: columns };
  return {
    first: Math.max(0, Math.min(columns - 1, Math.floor(scrollLeftPx / COLUMN_PX)) - BEYOND),
    end: Math.min(columns, Math.ceil((scrollLeftPx + widthPx) / COLUMN_PX) + BEYOND),
  };
}
