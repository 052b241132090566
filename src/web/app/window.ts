/** Which of many rows of one height are to be drawn: those that are seen, and some around them. */

import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { visibleRows, type Window } from './rows.ts';

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
