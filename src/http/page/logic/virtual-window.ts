/**
 * The rows of a very long list that are on the screen. Pure. The list scrolls with the page; its body is as high as all
 * rows together would be, up to the limit of browsers. Beyond that the way of the scroll bar is stretched over the
 * rows.
 */

/** Rows from `first` up to, not including, `end`. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/** Geometry of the list on the screen; pixels. */
export interface Geometry {
  /** Number of rows. */
  readonly rows: number;
  readonly rowHeight: number;
  /** Distance by which the top of the list is scrolled above the top of the window; negative when it is below. */
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

/** Pixels of rows for each scrolled pixel; 1 unless the list is too long. */
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

/** Offset of a row in the body. */
export function rowTop(index: number, geometry: Geometry): number {
  const inRows = index * geometry.rowHeight;
  return stretch(geometry) === 1 ? inRows : inRows - rowsTop(geometry) + geometry.scrolled;
}

/** Scroll position, from the top of the list, that has a row at the top of the window. */
export function scrollFor(index: number, geometry: Geometry): number {
  return (index * geometry.rowHeight) / stretch(geometry);
}

/** Returns true when one span contains all of another. */
export function covers(outer: Span, inner: Span): boolean {
  return inner.first >= inner.end || (outer.first <= inner.first && inner.end <= outer.end);
}

/** Returns true when two spans have a row in common. */
export function overlaps(one: Span, other: Span): boolean {
  return one.first < other.end && other.first < one.end;
}

/**
 * Computes by how many places the rows on the screen have moved because rows above them appeared or disappeared.
 *
 * @param before - ids by index, of the visible rows
 * @param after - ids by index, after the change
 * @returns places by which the first row that still exists has moved; 0 when all are gone
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
