/** Which of many rows of one height are to be drawn: those that are seen, and some around them. */

import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/** So many rows are cheap to draw, and then a search of the browser finds them all. */
const FEW = 200;
/** Rows drawn above and below what is seen. */
const AROUND = 12;

export interface Window {
  readonly from: number;
  readonly to: number;
}

/** @param rowHeight in CSS pixels */
export function visibleRows(count: number, rowHeight: number, seen: { top: number; height: number }): Window {
  if (count <= FEW) return { from: 0, to: count };
  const first = Math.floor(seen.top / rowHeight) - AROUND;
  const last = Math.ceil((seen.top + seen.height) / rowHeight) + AROUND;
  const from = Math.min(Math.max(0, first), Math.max(0, count - 1));
  return { from, to: Math.max(from, Math.min(count, last)) };
}

/** Follows the scrolling of the page. */
export function useWindow(list: RefObject<HTMLElement | null>, count: number, rowHeight: number): Window {
  const [seen, setSeen] = useState({ top: 0, height: innerHeight });
  useLayoutEffect(() => {
    let frame = 0;
    const measure = (): void => {
      frame = 0;
      const top = -(list.current?.getBoundingClientRect().top ?? 0);
      // In steps of rows: between them nothing changes.
      const rounded = Math.round(top / rowHeight / 4) * 4 * rowHeight;
      setSeen((before) =>
        before.top === rounded && before.height === innerHeight ? before : { top: rounded, height: innerHeight },
      );
    };
    const later = (): void => {
      frame ||= requestAnimationFrame(measure);
    };
    measure();
    addEventListener('scroll', later, { passive: true });
    addEventListener('resize', later, { passive: true });
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', later);
      removeEventListener('resize', later);
    };
  }, [rowHeight]);
  return visibleRows(count, rowHeight, seen);
}
