/**
 * Which rows of a very long list are on the screen. Pure. The list scrolls with the page; its body is as high as all rows together
 * would be, up to what browsers can lay out. Beyond that the way of the scroll bar is stretched over the rows.
 */

/** Rows from `first` up to, not including, `end`. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/** How the list lies on the screen; pixels. */
export interface Geometry {
  /** How many rows there are. */
  readonly rows: number;
  readonly rowHeight: number;
  /** How far the top of the list has been scrolled above the top of the window; negative when it is below. */
  readonly scrolled: number;
  /** The height of the window. */
  readonly viewport: number;
}

/** Firefox lays out no more than 17.8 million pixels, Chromium 33.5 million. */
const HIGHEST = 15_000_000;

/** Rows shown above and below what can be seen, so that a little scrolling shows no gap. */
const OVERSCAN = 8;

/** The height of the list's body. */
export function bodyHeight(rows: number, rowHeight: number): number {
  return Math.min(rows * rowHeight, HIGHEST);
}

/** How many pixels of rows go by for a pixel that is scrolled; 1 unless the list is too long. */
export function stretch({ rows, rowHeight, viewport }: Geometry): number {
  const full = rows * rowHeight;
  if (full <= HIGHEST || HIGHEST <= viewport) return 1;
  return (full - viewport) / (HIGHEST - viewport);
}

/** The rows that can be seen. */
export function visibleSpan(geometry: Geometry): Span {
  const { rows, rowHeight, viewport } = geometry;
  const top = rowsTop(geometry);
  const first = clamp(Math.floor(top / rowHeight), 0, Math.max(0, rows - 1));
  const end = clamp(Math.ceil((top + viewport) / rowHeight), 0, rows);
  return { first, end: Math.max(first, end) };
}

/** A span with some rows more on either side. */
export function widen({ first, end }: Span, rows: number, by = OVERSCAN): Span {
  return { first: Math.max(0, first - by), end: Math.min(rows, end + by) };
}

/** Where a row lies in the body. */
export function rowTop(index: number, geometry: Geometry): number {
  const inRows = index * geometry.rowHeight;
  return stretch(geometry) === 1 ? inRows : inRows - rowsTop(geometry) + geometry.scrolled;
}

/** How far the page must be scrolled, from the top of the list, to have a row at the top of the window. */
export function scrollFor(index: number, geometry: Geometry): number {
  return (index * geometry.rowHeight) / stretch(geometry);
}

/** Whether one span holds all of another. */
export function covers(outer: Span, inner: Span): boolean {
  return inner.first >= inner.end || (outer.first <= inner.first && inner.end <= outer.end);
}

/** Whether two spans have a row in common. */
export function overlaps(one: Span, other: Span): boolean {
  return one.first < other.end && other.first < one.end;
}

/**
 * How far the rows on the screen have moved because others came or went above them.
 *
 * @param before - ids by index, those that could be seen
 * @param after - ids by index, anew
 * @returns by how many places the first that is still there has moved; 0 when none is
 */
export function shifted(
  before: Iterable<readonly [number, string]>,
  after: ReadonlyMap<string, number>,
): number {
  for (const [index, id] of before) {
    const now = after.get(id);
    if (now !== undefined) return now - index;
  }
  return 0;
}

/** The scroll position in pixels of rows. */
function rowsTop(geometry: Geometry): number {
  const { scrolled } = geometry;
  return scrolled > 0 ? scrolled * stretch(geometry) : scrolled;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
